/// First strong isolate and pop directional isolate (UAX 9, 2.2): what stands between them has a direction
/// of its own.
const OPEN: char = '\u{2068}';
const CLOSE: char = '\u{2069}';

/// What people wrote, for use in a sentence of ours: from right to left or not, it does not turn the rest
/// around. Isolates of its own are left out, for one too many would end ours.
pub fn isolated(text: &str) -> String {
    let kept = text.chars().filter(|c| !('\u{2066}'..=CLOSE).contains(c));
    std::iter::once(OPEN).chain(kept).chain(std::iter::once(CLOSE)).collect()
}

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Our words.
    Ours(String),
    /// What people wrote.
    Theirs(String),
}

/// The parts of a sentence, in order.
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
    fn a_sentence_falls_into_our_words_and_theirs() {
        let sentence = format!("Renamed to “{}”.", isolated("קפה 5"));
        assert_eq!(parts(&sentence), [ours("Renamed to “"), theirs("קפה 5"), ours("”.")]);
        assert_eq!(parts(&format!("{}!", isolated("x"))), [theirs("x"), ours("!")]);
        assert_eq!(parts("Reactivated"), [ours("Reactivated")]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn nobody_writes_their_way_out() {
        let sentence = format!("{} left", isolated("a\u{2069}\u{2067}b 👩‍🌾"));
        assert_eq!(parts(&sentence), [theirs("ab 👩‍🌾"), ours(" left")]);
    }
}
