use domain::inventory_item::InventoryItemEvent as Event;

use super::sentence::removal_reason;
use crate::text::{grouped, isolated};

/// Describes an event, to follow the name of the person who caused it: `checked in 12`.
pub(super) fn story(event: &Event) -> String {
    match event {
        Event::InventoryItemCreated(e) => format!("created it as “{}”", isolated(&e.name)),
        Event::InventoryItemRenamed(e) => format!("renamed it to “{}”", isolated(&e.name)),
        Event::ItemsCheckedIn(e) => format!("checked in {}", grouped(e.quantity)),
        Event::ItemsRemoved(e) => {
            format!("removed {} ({})", grouped(e.quantity), removal_reason(e.reason))
        }
        Event::ItemsTransferred(e) => format!("transferred {}", grouped(e.quantity)),
        Event::StockAdjusted(e) if e.delta == 0 => {
            format!("counted {}, which agrees", grouped(e.counted))
        }
        Event::StockAdjusted(e) => format!("counted {}", grouped(e.counted)),
        Event::MaxQuantityChanged(e) => match e.max_quantity {
            Some(most) => format!("set the maximum to {}", grouped(most)),
            None => "removed the maximum".to_owned(),
        },
        Event::ReorderLevelSet(e) => format!("set the reorder level to {}", grouped(e.level)),
        Event::InventoryItemDeactivated(_) => "deactivated it".to_owned(),
        Event::InventoryItemReactivated(_) => "reactivated it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::inventory_item::{InventoryItemRenamed, ItemsRemoved, RemovalReason};

    use super::*;

    #[test]
    fn a_story_follows_a_name() {
        let renamed = Event::InventoryItemRenamed(InventoryItemRenamed { name: "Beans".into() });
        assert_eq!(story(&renamed), "renamed it to “\u{2068}Beans\u{2069}”");
        let removed = Event::ItemsRemoved(ItemsRemoved {
            quantity: 3,
            location: None,
            reason: RemovalReason::Damaged,
        });
        assert_eq!(story(&removed), "removed 3 (damaged)");
    }
}
