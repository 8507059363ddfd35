use domain::inventory_item::InventoryItemRejection;

use crate::text::{isolated, stated};

/// Formats a rejection as a sentence: `You asked for 12; only 10 are on hand.`
pub(super) fn refusal(rejection: &InventoryItemRejection) -> String {
    let mut rejection = rejection.clone();
    if let InventoryItemRejection::ExistsAlready { sku } = &mut rejection {
        *sku = isolated(sku);
    }
    stated(&rejection.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_people_wrote_is_isolated() {
        let rejection = InventoryItemRejection::ExistsAlready { sku: "TUBE-28".into() };
        assert_eq!(refusal(&rejection), "This item already exists, as \u{2068}TUBE-28\u{2069}.");
        assert_eq!(refusal(&InventoryItemRejection::Inactive), "The item is inactive.");
    }
}
