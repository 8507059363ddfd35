//! The limits of figures and lines of text, wherever they are used.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::figures::grouped;

/// The most characters (Unicode scalar values) in a name, a reference or a reason after trimming.
pub const TEXT_LIMIT: usize = 200;
/// The largest quantity that one command may name.
pub const QUANTITY_LIMIT: i64 = 1_000_000_000;
/// The most stock on hand: the largest integer that every JSON parser keeps exact (RFC 8259, 6).
pub const ON_HAND_LIMIT: i64 = 9_007_199_254_740_991;
/// The largest unit cost, in minor units of the currency.
pub const UNIT_COST_LIMIT: i64 = 1_000_000_000_000;

/// The range of figures that must be at least 1, such as a quantity checked in.
pub const QUANTITY: RangeInclusive<i64> = 1..=QUANTITY_LIMIT;
/// The range of figures that may be 0, such as a count or a reorder level.
pub const COUNT: RangeInclusive<i64> = 0..=QUANTITY_LIMIT;
/// The range of unit costs.
pub const UNIT_COST: RangeInclusive<i64> = 0..=UNIT_COST_LIMIT;

/// A figure or a text that no state would accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum OutOfLimits {
    /// No visible character.
    #[error("{field} must not be blank")]
    Blank {
        /// The field's name in the command.
        field: String,
    },
    /// More than [`TEXT_LIMIT`] characters.
    #[error("{field} is too long: {} characters; at most {limit} are allowed",
        grouped(*length as u64))]
    TooLong {
        /// The field's name in the command.
        field: String,
        /// The number of characters in the text.
        length: usize,
        /// The most characters allowed.
        limit: usize,
    },
    /// A line break, a tab or another control character, or a mark that overrides the direction of
    /// text (Unicode Bidirectional Algorithm, 2). Such a text would not display as it reads.
    #[error("{field} contains a control character at position {place}")]
    ControlCharacter {
        /// The field's name in the command.
        field: String,
        /// The position of the character, from 1.
        place: usize,
    },
    /// A figure outside its range.
    #[error("{field} is {}; it must be {} to {}", grouped(*value), grouped(*minimum), grouped(*maximum))]
    OutOfRange {
        /// The field's name in the command.
        field: String,
        /// The figure.
        value: i64,
        /// The smallest figure allowed.
        minimum: i64,
        /// The largest figure allowed.
        maximum: i64,
    },
}

/// Returns the trimmed text if it is one line of 1 to [`TEXT_LIMIT`] characters.
///
/// # Errors
/// [`OutOfLimits`], naming `field`.
pub fn line(field: &str, text: &str) -> Result<String, OutOfLimits> {
    let trimmed = text.trim();
    let field = || field.to_owned();
    if trimmed.chars().all(is_invisible) {
        return Err(OutOfLimits::Blank { field: field() });
    }
    let length = trimmed.chars().count();
    if length > TEXT_LIMIT {
        return Err(OutOfLimits::TooLong { field: field(), length, limit: TEXT_LIMIT });
    }
    if let Some(place) = trimmed.chars().position(misleads) {
        return Err(OutOfLimits::ControlCharacter { field: field(), place: place + 1 });
    }
    Ok(trimmed.to_owned())
}

/// Like [`line()`], but returns `None` for a blank or absent text.
///
/// # Errors
/// [`OutOfLimits`], naming `field`.
pub fn optional_line(field: &str, text: Option<&str>) -> Result<Option<String>, OutOfLimits> {
    match text {
        Some(text) if !text.chars().all(is_invisible) => line(field, text).map(Some),
        _ => Ok(None),
    }
}

/// Returns the value if it is in the range.
///
/// # Errors
/// [`OutOfLimits::OutOfRange`], naming `field`.
pub fn within(field: &str, value: i64, range: &RangeInclusive<i64>) -> Result<i64, OutOfLimits> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (minimum, maximum) = (*range.start(), *range.end());
    Err(OutOfLimits::OutOfRange { field: field.to_owned(), value, minimum, maximum })
}

/// The braille pattern without dots: invisible, though neither white space nor ignorable.
pub(crate) const BLANK_BRAILLE: char = '\u{2800}';

/// Returns whether a text of such characters alone would be invisible.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c == BLANK_BRAILLE || is_ignorable(c)
}

/// Returns whether a character is a joiner, a direction mark, a selector or a filler (Unicode's
/// `Default_Ignorable_Code_Point`).
///
/// Such characters have their uses: a family emoji holds joiners, the flag of Wales holds tags.
pub(crate) const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
