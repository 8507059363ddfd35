pub use domain::figures::grouped;

/// Formats a change with its sign: `+12`, `−9`, `0`.
pub fn signed(value: i64) -> String {
    let figure = grouped(value);
    if value > 0 { format!("+{figure}") } else { figure }
}

/// Formats a reason of the domain as a sentence: with a capital and a full stop.
pub fn stated(reason: &str) -> String {
    format!("{}.", capitalized(reason).trim_end_matches('.'))
}

/// Returns the text with a capital letter at its start.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_carries_its_sign() {
        assert_eq!([signed(12), signed(-9), signed(0)], ["+12", "−9", "0"]);
    }

    #[test]
    fn a_reason_becomes_a_sentence() {
        assert_eq!(stated("the item is inactive"), "The item is inactive.");
        assert_eq!(stated(""), ".");
    }
}
