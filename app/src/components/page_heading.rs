use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::Surroundings;
use crate::browser;

/// A page's heading. It takes the focus when the page was navigated to, and is announced.
#[component]
pub fn PageHeading(
    /// What it says.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let node = NodeRef::<html::H1>::new();
    let path = use_location().pathname;
    let surroundings = Surroundings::here();
    Effect::new(move |_| {
        let path = path.get_untracked();
        let Some(heading) = node.get() else { return };
        let before = surroundings.headed.get_untracked();
        surroundings.headed.set(Some(path.clone()));
        // The first page was loaded by the browser, which has announced it and placed the focus.
        if before.is_some_and(|before| before != path) {
            browser::focus_once_connected((*heading).clone().into());
            surroundings.announcement.set(text.get_untracked());
        }
    });
    view! {
        <h1 tabindex="-1" translate="no" node_ref=node>
            <bdi>{move || text.get()}</bdi>
        </h1>
    }
    .into_any()
}
