use leptos::prelude::*;

use crate::problem::SkuTaken;

/// Which item has the SKU that another was to have, with the way there.
#[component]
pub fn TakenSku(
    /// The SKU and the item.
    taken: SkuTaken,
) -> impl IntoView {
    let SkuTaken { sku, item, name } = taken;
    let name = name
        .map_or_else(|| "another item".into_any(), |name| view! { <bdi>{name}</bdi> }.into_any());
    view! {
        "The SKU "
        <bdi>{sku}</bdi>
        " is taken by "
        <a href=format!("/inventory/{item}") target="_blank">
            {name}
        </a>
        "."
    }
    .into_any()
}
