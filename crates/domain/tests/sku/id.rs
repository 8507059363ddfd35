//! The SKUs that share an id.

use domain::Sku;
use domain::folding::fold;
use proptest::prelude::*;

/// Pins the namespace and the folding: any change would free every SKU to be claimed again.
#[test]
fn the_id_never_changes() {
    for (sku, id) in [
        ("M8-40", "a9faf182-55d0-5785-b36d-6e15cd774567"),
        ("Schraube „groß“", "89bcbe33-1004-5906-86e9-76f819dac1e5"),
    ] {
        assert_eq!(Sku::id(sku).to_string(), id, "{sku}");
        assert_eq!(Sku::id(sku).get_version_num(), 5);
    }
}

/// Claims under the former ids still hold, so these ids never change either.
#[test]
fn the_former_id_never_changes() {
    for (sku, id) in [
        ("M8-40", "a9faf182-55d0-5785-b36d-6e15cd774567"),
        ("TUBE-28″", "8454c5f8-923f-57a4-9fde-1bb6066cfd1e"),
    ] {
        assert_eq!(Sku::former_id(sku).to_string(), id, "{sku}");
    }
    for plain in ["M8-40", " m8-40 ", "STRASSE", "Straße", "ÉCROU À ŒIL", "ΟΔΟΣ"] {
        assert_eq!(Sku::former_id(plain), Sku::id(plain), "{plain}");
    }
}

#[test]
fn skus_that_read_the_same_are_one() {
    for (one, other) in [
        ("M8-40", "m8-40"),
        ("M8-40", "\u{3000}M8-40\t\u{a0}"),
        ("M8  40", "M8\u{a0}40"),
        ("CAF\u{c9}-1", "CAFE\u{301}-1"),
        ("TEA-01", "TEA\u{200b}-01"),
        ("TEA-01", "\u{feff}TEA-01"),
        ("TEA-01", "ＴＥＡ－０１"),
        ("STRASSE", "Straße"),
        ("STRAẞE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("ÉCROU À ŒIL", "écrou à œil"),
        ("ЖУК-3", "жук-3"),
        ("ǅ", "ǆ"),
        ("\u{212a}-1", "k-1"),
    ] {
        assert_eq!(Sku::id(one), Sku::id(other), "{one} and {other}");
    }
}

#[test]
fn skus_that_read_differently_are_not_one() {
    for (one, other) in [("M8-40", "M8-4O"), ("M8-40", "M8 -40"), ("M8-40", "M840"), ("E", "É")] {
        assert_ne!(Sku::id(one), Sku::id(other), "{one} and {other}");
    }
}

/// All cases of a letter lead to the same aggregate. The dotless `ı` is a letter of its own,
/// though its capital is `I`.
#[test]
fn every_letter_has_one_id_in_all_its_cases() {
    for letter in ('\0'..=char::MAX).filter(|letter| *letter != 'ı') {
        let lower: String = letter.to_lowercase().collect();
        let upper: String = letter.to_uppercase().collect();
        let cases = [lower, upper].into_iter().filter(|case| !case.chars().eq([letter]));
        for case in cases {
            let ids = [letter.to_string(), case].map(|case| Sku::id(&format!("x{case}x")));
            assert_eq!(ids[0], ids[1], "{letter}");
        }
    }
}

fn sku() -> impl Strategy<Value = String> {
    prop_oneof!["[ \u{a0}]?[aAbBßẞsSκΚςσΣéÉ\u{301}\u{200b}İiI-]{0,4}[ \t]?", any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn ids_agree_exactly_when_the_folded_skus_agree(one in sku(), other in sku()) {
        prop_assert_eq!(Sku::id(&one) == Sku::id(&other), fold(&one) == fold(&other));
    }

    #[test]
    fn case_and_padding_keep_the_id(sku in "[ \u{a0}]?[aAbBßẞsSκΚςσΣéÉİiIЖж-]{0,6}[ \t]?") {
        let lower: String = sku.chars().flat_map(char::to_lowercase).collect();
        let upper: String = sku.chars().flat_map(char::to_uppercase).collect();
        prop_assert_eq!(Sku::id(&lower), Sku::id(&sku));
        prop_assert_eq!(Sku::id(&upper), Sku::id(&sku));
        prop_assert_eq!(Sku::id(&format!(" {sku} ")), Sku::id(&sku));
    }
}
