use leptos::prelude::*;
use leptos_meta::Title;

use super::{Icon, PageHeading};
use crate::problem::{Code, Problem};

/// A page whose whole content is what went wrong.
#[component]
pub fn ProblemPage(
    /// What went wrong.
    problem: Problem,
    /// Where to go instead, and what that is called.
    #[prop(optional)]
    instead: Option<(String, &'static str)>,
) -> impl IntoView {
    let lost = problem.status == 404;
    let away = problem.is(Code::Unavailable) || problem.is(Code::NoAnswer);
    let (title, icon) = match () {
        () if problem.is(Code::UnknownVersion) => (problem.title.clone(), "search"),
        () if lost => ("There is nothing here".to_owned(), "search"),
        () if problem.is(Code::Unavailable) => ("The store does not answer".to_owned(), "warning"),
        () => (problem.title.clone(), "warning"),
    };
    let detail =
        if away { "Nothing was lost. Try again in a moment.".to_owned() } else { problem.detail };
    let again = problem.status >= 500 || problem.status == 0;
    let (href, label) = instead.unwrap_or_else(|| ("/inventory".to_owned(), "Go to the inventory"));
    view! {
        <Title text=format!("{title} · Daybook")/>
        <div class="blank" role=(!lost).then_some("alert")>
            <Icon name=icon/>
            <PageHeading text=title/>
            <p>{detail}</p>
            <div class="actions">
                {again.then(|| view! { <a class="button primary" rel="external" href="">"Try again"</a> })}
                <a class="button" class:primary=!again href=href>{label}</a>
            </div>
        </div>
    }
    .into_any()
}
