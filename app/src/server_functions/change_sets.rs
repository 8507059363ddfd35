use api::{Json, Problem};
use event_store::ChangeSet;
use leptos::prelude::*;
use uuid::Uuid;

use crate::views::HistoryPage;

/// Returns a part of an item's history: up to 500 change sets after a version, or up to 50 before
/// one.
///
/// # Errors
/// The problem, if the store is unavailable.
#[server(prefix = "/ui", endpoint = "change-sets", input = Json, output = Json)]
pub async fn change_sets(id: Uuid, page: HistoryPage) -> Result<Vec<ChangeSet>, Problem> {
    use super::host::{answer, desk};
    use domain::InventoryItem;
    use event_store::{AggregateId, Page};

    let page = match page {
        HistoryPage::After(version) => Page::After { version, limit: 500 },
        HistoryPage::Before(version) => Page::Before { version, limit: crate::record::ROWS },
    };
    let aggregate = AggregateId::of::<InventoryItem>(id);
    let desk = answer(desk())?;
    answer(desk.change_sets(&aggregate, page).await)
}
