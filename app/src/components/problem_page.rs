use api::{Code, Problem};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{Icon, PageHeading, UiContext};
use crate::text::remedy;

/// A page that shows nothing but a problem.
#[component]
pub fn ProblemPage(
    /// The problem.
    problem: Problem,
    /// The address and the label of a link to another page.
    #[prop(optional)]
    instead: Option<(String, &'static str)>,
    /// Loads the content of the page again, if a retry may succeed.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let lost = problem.status == 404;
    let icon = if lost { "search" } else { "warning" };
    let title = title(&problem).to_owned();
    let detail = detail(&problem);
    let again = problem.status >= 500 || matches!(problem.status, 0 | 429);
    if let Some(retry) = retry.filter(|_| again) {
        UiContext::here().on_return(move || retry.run(()));
    }
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

fn title(problem: &Problem) -> &str {
    match () {
        () if problem.is(Code::UnknownAggregate) => "Item not found",
        () if problem.is(Code::NotFound) => "Page not found",
        () if problem.is(Code::Malformed) => "The address is wrong",
        () => &problem.title,
    }
}

/// Describes the problem to a person who followed a link or typed an address.
///
/// The API for programs names kinds and ids instead.
fn detail(problem: &Problem) -> String {
    let newest = problem.more.get("current_version").and_then(serde_json::Value::as_u64);
    match newest {
        Some(newest) if problem.is(Code::UnknownVersion) => {
            format!("The newest version is {newest}.")
        }
        _ if problem.is(Code::UnknownAggregate) => {
            "No item has this address. Items are never deleted, so check the link.".to_owned()
        }
        _ => remedy(problem),
    }
}
