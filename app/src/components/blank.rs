use leptos::prelude::*;

use super::{Icon, SampleOffer};

/// What stands where items would be, while there are none.
#[component]
pub fn NoItems() -> impl IntoView {
    view! {
        <SampleOffer>
            <Icon name="box"/>
            <h2>"No items yet"</h2>
            <p>
                "Create the first item you keep in stock, or load a small made-up company to look around: 40 items with 90 days of history."
            </p>
        </SampleOffer>
    }
    .into_any()
}
