use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::UiContext;
use crate::browser;

/// A page's heading. After a navigation it takes the focus and is announced.
#[component]
pub fn PageHeading(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let node = NodeRef::<html::H1>::new();
    let path = use_location().pathname;
    let ui_context = UiContext::here();
    Effect::new(move |_| {
        let path = path.get_untracked();
        let Some(heading) = node.get() else { return };
        let before = ui_context.headed.get_untracked();
        ui_context.headed.set(Some(path.clone()));
        // The browser loaded the first page, and has already announced it and placed the focus.
        if before.is_some_and(|before| before != path) {
            browser::focus_once_connected((*heading).clone().into());
            ui_context.announcement.set(text.get_untracked());
        }
    });
    view! {
        <h1 tabindex="-1" translate="no" node_ref=node>
            <bdi>{move || text.get()}</bdi>
        </h1>
    }
    .into_any()
}
