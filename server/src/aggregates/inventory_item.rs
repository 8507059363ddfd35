use domain::InventoryItem;
use domain::inventory_item::InventoryItemRejection;

use super::Hosted;

impl Hosted for InventoryItem {
    fn is_unknown(rejection: &InventoryItemRejection) -> bool {
        matches!(rejection, InventoryItemRejection::UnknownItem)
    }
}
