use leptos::prelude::*;

use super::{Icon, UiContext};

/// A banner that shows while the browser is offline.
#[component]
pub fn OfflineBanner() -> impl IntoView {
    let offline = UiContext::here().offline;
    view! {
        <div class="offline" role="status" hidden=move || !offline.get()>
            <Icon name="offline"/>
            "You are offline. What you see may be out of date; nothing you type here is lost."
        </div>
    }
    .into_any()
}
