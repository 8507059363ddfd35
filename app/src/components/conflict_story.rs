use domain::InventoryItem;
use event_store::ChangeSet;
use leptos::prelude::*;
use uuid::Uuid;

use super::{Icon, Prose, When};
use crate::text::{isolated, story};

/// Who did what since the person looked.
#[component]
pub fn ConflictStory(
    /// The item.
    id: Uuid,
    /// The change sets in between, oldest first.
    since: Vec<ChangeSet>,
    /// Whether the task can be done again on top of them.
    still_valid: Signal<bool>,
) -> impl IntoView {
    let events = since.iter().map(|change_set| view! { <Happening id change_set/> }).collect_view();
    let advice = move || {
        if still_valid.get() {
            "Your change can still be made on top of this. Do it again, or cancel."
        } else {
            "What you asked for does not fit any more; what you typed is kept."
        }
    };
    view! {
        <div class="notice" role="alert">
            <Icon name="clock"/>
            <h2>"Since you looked"</h2>
            <ul>{events}</ul>
            <p>{advice}</p>
        </div>
    }
    .into_any()
}

#[component]
fn Happening<'a>(id: Uuid, change_set: &'a ChangeSet) -> impl IntoView + use<> {
    let content = change_set.content();
    let events = change_set.events::<InventoryItem>().unwrap_or_default();
    let told = events.iter().map(story).collect::<Vec<_>>().join(" and ");
    let version = change_set.version;
    view! {
        <li>
            <Prose text=format!("{} {told} ", isolated(&content.actor))/>
            <When at=content.recorded_at/>
            " ("
            <a href=format!("/inventory/{id}?version={version}") target="_blank">
                {format!("version {version}")}
            </a>
            ")."
        </li>
    }
    .into_any()
}
