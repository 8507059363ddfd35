use domain::inventory_item::InventoryItemRejection;

use super::{isolated, stated};

/// The domain's no as a sentence: `The item is called Beans already.`
pub fn refusal(rejection: &InventoryItemRejection) -> String {
    let mut rejection = rejection.clone();
    if let InventoryItemRejection::SameName { name: theirs }
    | InventoryItemRejection::ExistsAlready { sku: theirs } = &mut rejection
    {
        *theirs = isolated(theirs);
    }
    stated(&rejection.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stands_apart() {
        let rejection = InventoryItemRejection::SameName { name: "Beans".into() };
        assert_eq!(refusal(&rejection), "The item is called \u{2068}Beans\u{2069} already.");
        assert_eq!(refusal(&InventoryItemRejection::Inactive), "The item is inactive.");
    }
}
