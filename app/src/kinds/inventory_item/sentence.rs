use domain::InventoryItem;
use domain::inventory_item::{InventoryItemEvent as Event, RemovalReason};

use crate::text::{grouped, isolated};

/// Returns the sentence of an event in the timeline: `Checked in 12 · PO 1182`.
pub(super) fn sentence(event: &Event) -> String {
    match event {
        Event::InventoryItemCreated(e) => match e.max_quantity {
            Some(most) => {
                format!("Created as “{}”, at most {}", isolated(&e.name), grouped(most))
            }
            None => format!("Created as “{}”", isolated(&e.name)),
        },
        Event::InventoryItemRenamed(e) => format!("Renamed to “{}”", isolated(&e.name)),
        Event::ItemsCheckedIn(e) => match &e.reference {
            Some(reference) => {
                format!("Checked in {} · {}", grouped(e.quantity), isolated(reference))
            }
            None => format!("Checked in {}", grouped(e.quantity)),
        },
        Event::ItemsRemoved(e) => {
            format!("Removed {} · {}", grouped(e.quantity), removal_reason(e.reason))
        }
        Event::ItemsTransferred(e) => format!("Transferred {}", grouped(e.quantity)),
        Event::StockAdjusted(e) if e.delta == 0 => {
            format!("Counted {}, agrees", grouped(e.counted))
        }
        Event::StockAdjusted(e) => {
            let before = e.counted.saturating_sub(e.delta);
            format!("Counted {} · was {}", grouped(e.counted), grouped(before))
        }
        Event::MaxQuantityChanged(e) => match e.max_quantity {
            Some(most) => format!("Maximum set to {}", grouped(most)),
            None => "Maximum removed".to_owned(),
        },
        Event::ReorderLevelSet(e) => format!("Reorder level set to {}", grouped(e.level)),
        Event::InventoryItemDeactivated(_) => "Deactivated".to_owned(),
        Event::InventoryItemReactivated(_) => "Reactivated".to_owned(),
    }
}

/// Returns the announcement of an accepted command: `Checked in 12. 52 on hand.`
pub(super) fn announcement(event: &Event, after: &InventoryItem) -> String {
    let on_hand = || format!("{} on hand.", grouped(after.on_hand));
    match event {
        Event::ItemsCheckedIn(e) => format!("Checked in {}. {}", grouped(e.quantity), on_hand()),
        Event::ItemsRemoved(e) => format!("Removed {}. {}", grouped(e.quantity), on_hand()),
        Event::StockAdjusted(e) if e.delta != 0 => {
            format!("Counted {}. {}", grouped(e.counted), on_hand())
        }
        other => format!("{}.", sentence(other)),
    }
}

/// The removal reasons, by their names on the wire, as people say them.
pub(super) const REMOVAL_REASONS: [(&str, &str); RemovalReason::ALL.len()] = {
    let mut reasons = [("", ""); RemovalReason::ALL.len()];
    let mut place = 0;
    while place < reasons.len() {
        let reason = RemovalReason::ALL[place];
        reasons[place] = (reason.as_str(), removal_reason(reason));
        place += 1;
    }
    reasons
};

/// Returns a removal reason as people say it.
pub(super) const fn removal_reason(reason: RemovalReason) -> &'static str {
    match reason {
        RemovalReason::ReturnedToSupplier => "returned to supplier",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use domain::inventory_item::{
        InventoryItemCreated, ItemsCheckedIn, ItemsRemoved, MaxQuantityChanged, StockAdjusted,
    };

    use super::*;

    #[test]
    fn sentences_read_as_a_person_would_say_them() {
        let cases = [
            (
                Event::InventoryItemCreated(InventoryItemCreated {
                    sku: "S".into(),
                    name: "Beans".into(),
                    unit: "bag".into(),
                    max_quantity: Some(1_000),
                }),
                "Created as “\u{2068}Beans\u{2069}”, at most 1,000",
            ),
            (
                Event::ItemsCheckedIn(ItemsCheckedIn {
                    quantity: 12,
                    location: None,
                    reference: Some("PO 1182".into()),
                    unit_cost: None,
                }),
                "Checked in 12 · \u{2068}PO 1182\u{2069}",
            ),
            (
                Event::ItemsRemoved(ItemsRemoved {
                    quantity: 3,
                    location: None,
                    reason: RemovalReason::ReturnedToSupplier,
                }),
                "Removed 3 · returned to supplier",
            ),
            (
                Event::StockAdjusted(StockAdjusted {
                    counted: 40,
                    delta: 3,
                    location: None,
                    reason: "count".into(),
                }),
                "Counted 40 · was 37",
            ),
            (
                Event::StockAdjusted(StockAdjusted {
                    counted: 1_030,
                    delta: 0,
                    location: None,
                    reason: String::new(),
                }),
                "Counted 1,030, agrees",
            ),
            (
                Event::MaxQuantityChanged(MaxQuantityChanged { max_quantity: None }),
                "Maximum removed",
            ),
        ];
        for (event, text) in cases {
            assert_eq!(sentence(&event), text);
        }
    }

    #[test]
    fn an_accepted_movement_announces_the_stock_on_hand() {
        let event = Event::ItemsCheckedIn(ItemsCheckedIn {
            quantity: 12,
            location: None,
            reference: Some("PO 1".into()),
            unit_cost: None,
        });
        let after = InventoryItem { on_hand: 52, ..InventoryItem::default() };
        assert_eq!(announcement(&event, &after), "Checked in 12. 52 on hand.");
        let counted = |delta| {
            Event::StockAdjusted(StockAdjusted {
                counted: 52,
                delta,
                location: None,
                reason: String::new(),
            })
        };
        assert_eq!(announcement(&counted(2), &after), "Counted 52. 52 on hand.");
        assert_eq!(announcement(&counted(0), &after), "Counted 52, agrees.");
    }
}
