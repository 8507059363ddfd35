use std::sync::Arc;

use api::{ListPage, ListRow};
use leptos::prelude::*;

use super::Prose;
use crate::kind::Contents as Shown;
use crate::record::Record;
use crate::text::grouped;

/// The records that refer to this one, as of when the page was loaded.
#[component]
pub fn Contents() -> impl IntoView {
    let record = Record::here();
    let Some(shown) = record.at.kind.screen().contents else { return ().into_any() };
    let body = match record.contents.clone() {
        None => view! { <p class="soft">"The list is not up to date yet. Reload the page."</p> }
            .into_any(),
        Some(page) if page.rows.is_empty() => view! { <p class="soft">{shown.none}</p> }.into_any(),
        Some(page) => table(shown, record.at.id, &page),
    };
    view! {
        <section class="shares sheet" aria-labelledby="contents">
            <div class="panel-head">
                <h2 id="contents">{shown.title}</h2>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn table(shown: Shown, id: uuid::Uuid, page: &Arc<ListPage>) -> AnyView {
    let row = |row: &ListRow| {
        let digest = (shown.listing.digest)(&row.state).ok()?;
        let share = (shown.share)(&row.state, id).ok()?;
        let href = shown.listing.record_path(row.id);
        Some(view! {
            <tr>
                <th scope="row">
                    <a href=href>
                        <bdi class="clamped">{digest.name}</bdi>
                    </a>
                </th>
                <td class="number">
                    <Prose text=share/>
                </td>
            </tr>
        })
    };
    let rows = page.rows.iter().map(row).collect_view();
    let others = page.total.saturating_sub(page.rows.len() as u64);
    let more = (others > 0).then(|| {
        view! { <p class="soft">{format!("and {} more", grouped(others))}</p> }
    });
    view! {
        <table class="ledger">
            <caption class="unseen">{shown.title}</caption>
            <tbody>{rows}</tbody>
        </table>
        {more}
    }
    .into_any()
}
