//! The list of items.

use api::{ListRow, StateJson};
use domain::{InventoryItem, Kind};
use event_store::Aggregate;
use leptos::prelude::*;

use crate::components::{Icon, SampleOffer, When};
use crate::listing::{Digest, Heading, Listing};
use crate::text::grouped;

/// The list of items.
pub static LISTING: Listing = Listing {
    kind: InventoryItem::KIND,
    path: "/inventory",
    icon: "box",
    title: "Inventory",
    one: "item",
    many: "items",
    caption: "Items",
    create: "Create item",
    placeholder: "Name or SKU",
    searched: "Names and SKUs were searched, including inactive items.",
    columns: &[
        Heading::text("Name", "name"),
        Heading::text("SKU", "sku"),
        Heading::figure("On hand", "on_hand"),
        Heading::figure("Maximum", "max_quantity"),
        Heading::figure("Reorder level", "reorder_level"),
        Heading::unsorted("Status"),
        Heading::text("Last change", "updated_at"),
    ],
    sort: InventoryItem::DEFAULT_SORT,
    row,
    digest,
    blank,
};

fn row(row: ListRow) -> serde_json::Result<AnyView> {
    let item: InventoryItem = row.state.decode()?;
    let low = item.is_below_reorder_level();
    let status = if !item.active {
        Some(view! { <span class="chip">"Inactive"</span> }.into_any())
    } else {
        low.then(|| {
            view! { <span class="chip" data-tone="low">"Below reorder level"</span> }.into_any()
        })
    };
    let row = view! {
        <tr data-inactive=(!item.active).then_some("")>
            <th scope="row">
                <a href=LISTING.record_path(row.id)>
                    <bdi class="clamped">{item.name}</bdi>
                </a>
            </th>
            <td class="sku">
                <bdi class="clamped">{item.sku}</bdi>
            </td>
            <td class="number balance">{grouped(item.on_hand)}</td>
            <td class="number" data-label="Maximum">
                {limit(item.max_quantity)}
            </td>
            <td class="number" data-label="Reorder level">
                {limit(item.reorder_level)}
            </td>
            <td class="marks">{status}</td>
            <td data-label="Changed">
                <When at=row.updated_at/>
            </td>
        </tr>
    };
    Ok(row.into_any())
}

fn limit(value: Option<i64>) -> AnyView {
    match value {
        Some(value) => grouped(value).into_any(),
        None => view! {
            <span class="none" aria-hidden="true">
                "–"
            </span>
            <span class="unseen">"none"</span>
        }
        .into_any(),
    }
}

fn digest(state: &StateJson) -> serde_json::Result<Digest> {
    let item: InventoryItem = state.decode()?;
    let figure = format!("{} on hand", grouped(item.on_hand));
    Ok(Digest { figure, name: item.name, is_in_use: item.active })
}

fn blank() -> AnyView {
    view! {
        <SampleOffer listing=&LISTING>
            <Icon name=LISTING.icon/>
            <h2>"No items yet"</h2>
            <p>
                "Create your first item, or load a sample company to look around: about 40 items with 90 days of history."
            </p>
        </SampleOffer>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_sorted_by_each_column_of_the_domain() {
        let mut shown: Vec<_> = LISTING.columns.iter().filter_map(|heading| heading.sort).collect();
        let mut known: Vec<_> = InventoryItem::COLUMNS.iter().map(|column| column.name).collect();
        shown.sort_unstable();
        known.sort_unstable();
        assert_eq!(shown, known);
    }
}
