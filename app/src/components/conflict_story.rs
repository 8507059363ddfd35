use event_store::ChangeSet;
use leptos::prelude::*;

use super::{Icon, Prose, When};
use crate::kind::RecordRef;
use crate::task_form::Verdict;
use crate::text::isolated;

/// The changes of others since the user looked, and what they mean for the form.
#[component]
pub fn ConflictStory(
    /// The record.
    at: RecordRef,
    /// The change sets in between, oldest first.
    since: Vec<ChangeSet>,
    /// The verdict on the form after these changes.
    verdict: Memo<Verdict>,
) -> impl IntoView {
    let advice = move || match &*verdict.read() {
        Verdict::Allowed { .. } => {
            "You can still make your change. Send it again, or cancel.".to_owned()
        }
        Verdict::Refused(no) => format!("{} What you typed is kept.", no.sentence),
        _ => "Your change is no longer possible. What you typed is kept.".to_owned(),
    };
    view! {
        <div class="notice" role="alert">
            <Icon name="clock"/>
            <h2>"Changed while you were editing"</h2>
            <Happenings at since/>
            <p>
                <Prose text=Signal::derive(advice)/>
            </p>
        </div>
    }
    .into_any()
}

/// The changes of others, one per line.
#[component]
pub fn Happenings(
    /// The record.
    at: RecordRef,
    /// The change sets, oldest first.
    since: Vec<ChangeSet>,
) -> impl IntoView {
    let events = since.iter().map(|change_set| view! { <Happening at change_set/> }).collect_view();
    view! { <ul>{events}</ul> }.into_any()
}

#[component]
fn Happening<'a>(at: RecordRef, change_set: &'a ChangeSet) -> impl IntoView + use<> {
    let content = change_set.content();
    let told = at.kind.tell(change_set).unwrap_or_default().story;
    let version = change_set.version;
    view! {
        <li>
            <Prose text=format!("{} {told} ", isolated(&content.actor))/>
            <When at=content.recorded_at/>
            " ("
            <a href=at.version_href(version) target="_blank">
                {format!("version {version}")}
            </a>
            ")."
        </li>
    }
    .into_any()
}
