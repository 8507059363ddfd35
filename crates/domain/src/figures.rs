//! Figures as people write and read them.

/// Formats an integer in groups of three: `1,000,000`, with the true minus sign (U+2212).
pub fn grouped(value: impl Into<i128>) -> String {
    let value = value.into();
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

/// Reads a whole number as [`grouped`] writes it, or with any kind of space in place of the commas.
///
/// A comma or space must separate groups of three: elsewhere a comma is a decimal mark, and a space
/// separates two figures. Returns `None` for anything else.
///
/// ```
/// use domain::figures::read;
///
/// assert_eq!(read("1,234,572"), Some(1_234_572));
/// assert_eq!(read("1\u{a0}000"), Some(1_000));
/// assert_eq!(read("1,5"), None);
/// assert_eq!(read("10 12"), None);
/// ```
pub fn read(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '−']) {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let is_mark = |c: char| c == ',' || c.is_whitespace();
    let mut groups = digits.split(is_mark);
    let first = groups.next()?;
    let are_groups = groups.all(|group| group.len() == 3) && (1..=3).contains(&first.len());
    if digits.contains(is_mark) && !are_groups {
        return None;
    }
    let digits: String = digits.split(is_mark).collect();
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| format!("{sign}{digits}").parse().ok()).flatten()
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
    fn read_accepts_what_grouped_writes() {
        for value in [0, 7, 999, 1_000, -12_345, 1_234_572, i64::MAX, i64::MIN] {
            assert_eq!(read(&grouped(value)), Some(value));
            assert_eq!(read(&value.to_string()), Some(value));
            for space in [' ', '\u{a0}', '\u{202f}', '\u{2009}'] {
                let spaced = grouped(value).replace(',', &space.to_string());
                assert_eq!(read(&format!(" {spaced}\t")), Some(value));
            }
        }
        assert_eq!(read("+12"), Some(12));
    }

    #[test]
    fn read_refuses_fractions_and_texts() {
        for text in [
            "",
            " ",
            "-",
            ",",
            "1,5",
            "1,50",
            "1,0000",
            "1000,000",
            ",000",
            "1,,000",
            "1,000,",
            "1.000",
            "1.5",
            "1e3",
            "0x1",
            "ten",
            "--1",
            "+-1",
            "9223372036854775808",
            "٣",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
