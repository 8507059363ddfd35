/// First strong isolate and pop directional isolate (UAX 9, 2.2). The text between them has its own
/// direction.
const OPEN: char = '\u{2068}';
const CLOSE: char = '\u{2069}';

/// Isolates text that people wrote, for use in a sentence of ours, so that right-to-left text does
/// not reorder the rest.
///
/// Isolates in the text itself are removed, because a surplus one would end ours.
pub fn isolated(text: &str) -> String {
    let kept = text.chars().filter(|c| !('\u{2066}'..=CLOSE).contains(c));
    std::iter::once(OPEN).chain(kept).chain(std::iter::once(CLOSE)).collect()
}

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Our words.
    Ours(String),
    /// Text that people wrote.
    Theirs(String),
}

/// Splits a sentence into its parts, in order.
pub fn parts(sentence: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in sentence.split_inclusive([OPEN, CLOSE]).filter(|piece| !piece.is_empty()) {
        let (text, is_theirs) = match piece.strip_suffix(CLOSE) {
            Some(text) => (text, true),
            None => (piece.trim_end_matches(OPEN), false),
        };
        match (text, is_theirs) {
            ("", false) => {}
            (text, false) => parts.push(Part::Ours(text.to_owned())),
            (text, true) => parts.push(Part::Theirs(text.to_owned())),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(text: &str) -> Part {
        Part::Ours(text.to_owned())
    }

    fn theirs(text: &str) -> Part {
        Part::Theirs(text.to_owned())
    }

    #[test]
    fn a_sentence_splits_into_our_words_and_theirs() {
        let sentence = format!("Renamed to “{}”.", isolated("קפה 5"));
        assert_eq!(parts(&sentence), [ours("Renamed to “"), theirs("קפה 5"), ours("”.")]);
        assert_eq!(parts(&format!("{}!", isolated("x"))), [theirs("x"), ours("!")]);
        assert_eq!(parts("Reactivated"), [ours("Reactivated")]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn text_cannot_escape_its_isolate() {
        let sentence = format!("{} left", isolated("a\u{2069}\u{2067}b 👩‍🌾"));
        assert_eq!(parts(&sentence), [theirs("ab 👩‍🌾"), ours(" left")]);
    }
}
