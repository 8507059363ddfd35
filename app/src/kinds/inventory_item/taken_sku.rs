use leptos::prelude::*;

use api::SkuTaken;

/// The item that already has a requested SKU, with a link to it.
#[component]
pub(super) fn TakenSku(
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
