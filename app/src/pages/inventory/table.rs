use domain::inventory_item::{InventoryItemRow, ItemColumn};
use leptos::prelude::*;

use super::list::List;
use super::query::ListQuery;
use crate::components::When;
use crate::text::grouped;

const COLUMNS: [(ItemColumn, &str); 6] = [
    (ItemColumn::Name, "Name"),
    (ItemColumn::Sku, "SKU"),
    (ItemColumn::OnHand, "On hand"),
    (ItemColumn::MaxQuantity, "Maximum"),
    (ItemColumn::ReorderLevel, "Reorder level"),
    (ItemColumn::UpdatedAt, "Last change"),
];

/// The items, one per row.
#[component]
pub(super) fn ItemTable(list: List) -> impl IntoView {
    let List { rows, query, busy, .. } = list;
    let query = Memo::new(move |_| query.get());
    view! {
        <section
            class="sheet"
            aria-label="Items"
            aria-busy=move || busy.get().then_some("true")
        >
            <table class="ledger">
                <caption class="unseen">"Items"</caption>
                <Head query/>
                <tbody>
                    <For each=move || rows.get() key=key let:row>
                        <ItemRow row/>
                    </For>
                </tbody>
            </table>
        </section>
    }
    .into_any()
}

/// Returns the key of a row, which changes with its item.
fn key(row: &InventoryItemRow) -> (uuid::Uuid, u64) {
    (row.id, row.version)
}

#[component]
fn Head(query: Memo<ListQuery>) -> impl IntoView {
    let heading = |column: ItemColumn, name: &'static str| {
        let order = move || {
            let sort = query.read().sort;
            let order = if sort.descending { "descending" } else { "ascending" };
            (sort.column == column).then_some(order)
        };
        let href = move || query.read().sorted_by(column).href();
        let is_figure = matches!(
            column,
            ItemColumn::OnHand | ItemColumn::MaxQuantity | ItemColumn::ReorderLevel
        );
        view! {
            <th scope="col" class:number=is_figure aria-sort=order>
                <a class="sort" href=href data-noscroll="">
                    {name}
                </a>
            </th>
        }
    };
    let [name, sku, on_hand, most, level, changed] =
        COLUMNS.map(|(column, name)| heading(column, name));
    view! {
        <thead>
            <tr>
                {name}
                {sku}
                {on_hand}
                {most}
                {level}
                <th scope="col">"Status"</th>
                {changed}
            </tr>
        </thead>
    }
    .into_any()
}

#[component]
fn ItemRow(row: InventoryItemRow) -> impl IntoView {
    let low = row.active && row.reorder_level.is_some_and(|level| row.on_hand < level);
    let status = if !row.active {
        Some(view! { <span class="chip">"Inactive"</span> }.into_any())
    } else {
        low.then(|| {
            view! { <span class="chip" data-tone="low">"Below reorder level"</span> }.into_any()
        })
    };
    view! {
        <tr data-inactive=(!row.active).then_some("")>
            <th scope="row">
                <a href=format!("/inventory/{}", row.id)>
                    <bdi class="clamped">{row.name}</bdi>
                </a>
            </th>
            <td class="sku">
                <bdi class="clamped">{row.sku}</bdi>
            </td>
            <td class="number balance">{grouped(row.on_hand)}</td>
            <td class="number" data-label="Maximum">
                {limit(row.max_quantity)}
            </td>
            <td class="number" data-label="Reorder level">
                {limit(row.reorder_level)}
            </td>
            <td class="marks">{status}</td>
            <td data-label="Changed">
                <When at=row.updated_at/>
            </td>
        </tr>
    }
    .into_any()
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

/// The skeleton of the table while it loads.
#[component]
pub(super) fn SkeletonTable() -> impl IntoView {
    let row = |_| {
        view! {
            <tr>
                <td class="name">
                    <span class="skeleton wide"></span>
                </td>
                <td>
                    <span class="skeleton"></span>
                </td>
                <td class="number balance">
                    <span class="skeleton"></span>
                </td>
            </tr>
        }
    };
    view! {
        <section class="sheet" aria-label="Items" aria-busy="true">
            <table class="ledger">
                <tbody>{(0..8).map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
