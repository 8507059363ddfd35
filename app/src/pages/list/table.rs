use api::ListRow;
use leptos::prelude::*;

use super::query::ListQuery;
use super::rows::List;
use crate::listing::{Heading, Listing};

/// The records, one per row.
#[component]
pub(super) fn Table(list: List) -> impl IntoView {
    let List { listing, rows, query, busy, .. } = list;
    let query = Memo::new(move |_| query.get());
    view! {
        <section
            class="sheet"
            aria-label=listing.caption
            aria-busy=move || busy.get().then_some("true")
        >
            <table class="ledger">
                <caption class="unseen">{listing.caption}</caption>
                <Head listing query/>
                <tbody>
                    <For each=move || rows.get() key=key let:row>
                        <TableRow listing row/>
                    </For>
                </tbody>
            </table>
        </section>
    }
    .into_any()
}

/// Returns the key of a row, which changes with its record.
fn key(row: &ListRow) -> (uuid::Uuid, u64) {
    (row.id, row.version)
}

#[component]
fn Head(listing: &'static Listing, query: Memo<ListQuery>) -> impl IntoView {
    let heading = |&Heading { text, sort, is_figure }| {
        let Some(column) = sort else {
            return view! { <th scope="col">{text}</th> }.into_any();
        };
        let order = move || {
            let sort = &query.read().sort;
            let order = if sort.descending { "descending" } else { "ascending" };
            (sort.column == column).then_some(order)
        };
        let href = move || query.read().sorted_by(column).href(listing);
        view! {
            <th scope="col" class:number=is_figure aria-sort=order>
                <a class="sort" href=href data-noscroll="">
                    {text}
                </a>
            </th>
        }
        .into_any()
    };
    view! {
        <thead>
            <tr>{listing.columns.iter().map(heading).collect_view()}</tr>
        </thead>
    }
    .into_any()
}

/// A row as its kind shows it. A page that is older than the server may not be able to decode it.
#[component]
fn TableRow(listing: &'static Listing, row: ListRow) -> impl IntoView {
    let href = listing.record_path(row.id);
    (listing.row)(row).unwrap_or_else(|_| {
        view! {
            <tr>
                <th scope="row">
                    <a rel="external" href=href>
                        "Reload the page to see this record"
                    </a>
                </th>
            </tr>
        }
        .into_any()
    })
}

/// The skeleton of the table while it loads.
#[component]
pub(super) fn SkeletonTable(listing: &'static Listing) -> impl IntoView {
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
        <section class="sheet" aria-label=listing.caption aria-busy="true">
            <table class="ledger">
                <tbody>{(0..8).map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
