use api::{Json, Problem};
use event_store::{AggregateId, ChangeSet};
use leptos::prelude::*;

use crate::views::HistoryPage;

/// Returns a part of a record's history: up to 500 change sets after a version, or up to 50 before
/// one.
///
/// # Errors
/// The problem, if the store is unavailable.
#[server(prefix = "/ui", endpoint = "change-sets", input = Json, output = Json)]
pub async fn change_sets(
    aggregate: AggregateId,
    page: HistoryPage,
) -> Result<Vec<ChangeSet>, Problem> {
    use super::host::{answer, desk};
    use event_store::Page;

    let page = match page {
        HistoryPage::After(version) => Page::After { version, limit: 500 },
        HistoryPage::Before(version) => Page::Before { version, limit: crate::record::ROWS },
    };
    let desk = answer(desk())?;
    answer(desk.change_sets(&aggregate, page).await)
}
