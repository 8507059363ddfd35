use leptos::prelude::*;

use super::{Icon, SampleOffer};

/// The placeholder for items while none exist.
#[component]
pub fn NoItems() -> impl IntoView {
    view! {
        <SampleOffer>
            <Icon name="box"/>
            <h2>"No items yet"</h2>
            <p>
                "Create your first item, or load a sample company to look around: 40 items with 90 days of history."
            </p>
        </SampleOffer>
    }
    .into_any()
}
