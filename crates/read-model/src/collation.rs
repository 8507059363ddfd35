use std::sync::LazyLock;

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::preferences::CollationNumericOrdering;
use icu_collator::{CollatorBorrowed, CollatorPreferences};

/// The order of the root locale (Unicode Technical Standard #10, CLDR).
///
/// Case does not matter, an accent matters only between texts that are equal without it, and digits
/// are read as numbers.
static ORDER: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let mut preferences = CollatorPreferences::default();
    preferences.numeric_ordering = Some(CollationNumericOrdering::True);
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Secondary);
    CollatorBorrowed::try_new(preferences, options).ok()
});

/// Returns bytes that sort as people expect the texts to.
///
/// The rows contain these keys. If an upgrade of the collation changes them, a migration must
/// delete the rows.
pub(crate) fn sort_key(text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    // The root locale's data is compiled in, so the order exists. Writing to a vector cannot fail.
    if let Some(order) = &*ORDER {
        let Ok(()) = order.write_sort_key_to(text, &mut key).map(|_| ());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::sort_key;

    #[test]
    fn texts_sort_as_people_expect() {
        let sorted = [
            "", "1", "1.5 mm", "2", "9 mm", "10 mm", "100", "Äpfel", "apple", "éclair", "ODD",
            "tube 9", "TUBE-9", "tube-9a", "Tube-10", "Zebra", "zeta",
        ];
        assert!(sorted.is_sorted_by_key(|text| sort_key(text)), "{sorted:?}");
        assert_eq!(sort_key("Apple"), sort_key("aPPLE"));
        assert_ne!(sort_key("Apfel"), sort_key("Äpfel"));
    }

    /// Fails when the collation has changed. A migration must then delete the rows, which hold the
    /// old keys.
    #[test]
    fn keys_match_those_in_existing_rows() {
        assert_eq!(sort_key("9 mm"), [0x10, 0x0b, 0x04, 0x43, 0x43, 0x01, 0x08]);
        assert_eq!(sort_key("Apple"), [0x2b, 0x49, 0x49, 0x41, 0x33, 0x01, 0x09]);
    }
}
