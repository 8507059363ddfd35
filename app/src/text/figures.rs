/// An integer in groups of three: `1,000,000`, with the true minus sign (U+2212).
pub fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 3);
    if value < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same with its sign, as a change is written: `+12`, `−9`, `0`.
pub fn signed(value: i64) -> String {
    let figure = grouped(value);
    if value > 0 { format!("+{figure}") } else { figure }
}

/// A reason of the domain as a sentence: with a capital and a full stop.
pub fn stated(reason: &str) -> String {
    let mut letters = reason.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_three() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (-12_345, "−12,345")];
        for (value, text) in cases {
            assert_eq!(grouped(value), text);
        }
        assert_eq!(grouped(i64::MIN), "−9,223,372,036,854,775,808");
    }

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
