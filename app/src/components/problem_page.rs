use api::{Code, Problem};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{Icon, PageHeading, UiContext};
use crate::kind::KindRef;
use crate::kinds::first_listing;
use crate::text::{capitalized, remedy};

/// A page that shows nothing but a problem.
#[component]
pub fn ProblemPage(
    /// The problem.
    problem: Problem,
    /// The address and the label of a link to another page.
    #[prop(optional)]
    instead: Option<(String, String)>,
    /// The kind of the record that was asked for.
    #[prop(optional)]
    kind: Option<KindRef>,
    /// Loads the content of the page again, if a retry may succeed.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let lost = problem.status == 404;
    let icon = if lost { "search" } else { "warning" };
    let title = title(&problem, kind);
    let detail = detail(&problem, kind);
    let again = problem.status >= 500 || matches!(problem.status, 0 | 429);
    if let Some(retry) = retry.filter(|_| again) {
        UiContext::here().on_return(move || retry.run(()));
    }
    let (href, label) = instead.unwrap_or_else(|| elsewhere(kind));
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

/// Returns the list of the kind, or the first list, and the label of the link to it.
fn elsewhere(kind: Option<KindRef>) -> (String, String) {
    let listing = kind.map_or_else(first_listing, |kind| kind.screen().listing);
    (listing.path.to_owned(), format!("Go to the {}", listing.title.to_lowercase()))
}

fn title(problem: &Problem, kind: Option<KindRef>) -> String {
    match () {
        () if problem.is(Code::UnknownAggregate) => {
            format!(
                "{} not found",
                capitalized(kind.map_or("record", |kind| kind.screen().listing.one))
            )
        }
        () if problem.is(Code::NotFound) => "Page not found".to_owned(),
        () if problem.is(Code::Malformed) => "The address is wrong".to_owned(),
        () => problem.title.clone(),
    }
}

/// Describes the problem to a person who followed a link or typed an address.
///
/// The API for programs names kinds and ids instead.
fn detail(problem: &Problem, kind: Option<KindRef>) -> String {
    let newest = problem.more.get("current_version").and_then(serde_json::Value::as_u64);
    match newest {
        Some(newest) if problem.is(Code::UnknownVersion) => {
            format!("The newest version is {newest}.")
        }
        _ if problem.is(Code::UnknownAggregate) => {
            let noun = kind.map_or("record", |kind| kind.screen().listing.one);
            format!("No {noun} has this address. Records are never deleted, so check the link.")
        }
        _ => remedy(problem),
    }
}
