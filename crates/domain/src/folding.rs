//! A common form for texts that a person reads as the same. SKUs and the search rest on it.

use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::limits::{BLANK_BRAILLE, is_ignorable};

/// Removes the differences that a reader cannot see or does not care about.
///
/// Applies NFKC and full case folding without ignorable characters (Unicode Standard, D146,
/// `toNFKC_Casefold`), collapses each run of white space into one space, and trims the text.
///
/// The ids of all SKUs rest on this function, so its result never changes. Unicode guarantees that
/// for assigned characters (UAX #15, 3; UAX #31, 5.1).
pub fn fold(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_ignorable(*c)).collect();
    // Folding may yield composable text, and composing foldable text; two passes suffice (D146).
    let folded = case_folded(&case_folded(&visible));
    let words = folded.split(|c: char| c.is_whitespace() || c == BLANK_BRAILLE);
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn case_folded(text: &str) -> String {
    let compatible = ComposingNormalizerBorrowed::new_nfkc();
    let composed = compatible.normalize(text);
    let folded = CaseMapperBorrowed::new().fold_string(&composed);
    compatible.normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn texts_that_read_the_same_fold_to_the_same() {
        for (one, other) in [
            ("Blue WIDGET", "bLUE widget"),
            ("CAF\u{c9}-1", "cafe\u{301}-1"),
            ("TEA\u{200b}-01", "\u{feff}tea-01"),
            ("STRA\u{1e9e}E", "Straße"),
            ("STRASSE", "Straße"),
            ("ΟΔΟΣ", "οδος"),
            ("１２ ｍｍ", "12 mm"),
            ("ﬁn", "FIN"),
            (" a\t\u{a0} b\u{2800}", "A B"),
            ("28″", "28′′"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn different_texts_fold_differently() {
        for (one, other) in
            [("M8-40", "M8-4O"), ("M8-40", "M8 -40"), ("E", "É"), ("M8‐40", "M8-40")]
        {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
    }

    /// Tries every character except ideographs and syllables, which have no case.
    #[test]
    fn folding_is_idempotent() {
        let letters = ('\0'..='\u{33FF}').chain('\u{A000}'..='\u{ABFF}');
        let others = ('\u{F900}'..='\u{11FFF}').chain('\u{1D000}'..='\u{1FBFF}');
        for c in letters.chain(others) {
            for text in [c.to_string(), format!("e{c}\u{301}")] {
                let folded = fold(&text);
                assert_eq!(fold(&folded), folded, "{text:?}");
            }
        }
    }
}
