use event_store::Version;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use uuid::Uuid;

use crate::problem::Problem;
use crate::views::ItemView;

/// An item as its page first shows it: as it is now, at `version` if one is asked for, and 50 change sets
/// of its history: those around that version, those before `before`, or the newest.
///
/// # Errors
/// 404 when there is no such item or version.
#[server(prefix = "/ui", endpoint = "item", input = Json)]
pub async fn item(
    id: Uuid,
    version: Option<Version>,
    before: Option<Version>,
) -> Result<ItemView, Problem> {
    use super::host::{answer, desk};
    use crate::record::ROWS;
    use domain::InventoryItem;
    use event_store::{Aggregate as _, AggregateId, Page};

    let load = async {
        let desk = desk()?;
        let now = desk.item(id, None).await?;
        let viewed = match version {
            Some(version) if version != now.version => Some(desk.item(id, Some(version)).await?),
            _ => None,
        };
        let newest = match (before, &viewed) {
            (Some(before), _) => before.saturating_sub(1).clamp(1, now.version),
            (None, Some(viewed)) => {
                let around = viewed.version.saturating_add(ROWS as u64 / 2);
                if around.saturating_add(ROWS as u64 / 2) >= now.version {
                    now.version
                } else {
                    around.max(ROWS as u64)
                }
            }
            (None, None) => now.version,
        };
        let on_hand = if newest == now.version {
            now.state.on_hand
        } else {
            desk.item(id, Some(newest)).await?.state.on_hand
        };
        let aggregate = AggregateId::new(InventoryItem::KIND, id);
        let page = Page::Before { version: newest.saturating_add(1), limit: ROWS };
        let mut change_sets = desk.change_sets(&aggregate, page).await?;
        change_sets.reverse();
        Ok(ItemView { now, viewed, change_sets, on_hand })
    };
    answer(load.await)
}
