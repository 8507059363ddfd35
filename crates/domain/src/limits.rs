//! What one figure or one line of text may be, whatever it is used for.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::figures::grouped;

/// How many characters (Unicode scalar values) a name, a reference or a reason may have after
/// trimming.
pub const TEXT_LIMIT: usize = 200;
/// The largest quantity that one command may name.
pub const QUANTITY_LIMIT: i64 = 1_000_000_000;
/// The most that can be on hand: the largest integer that every JSON reader keeps (RFC 8259, 6).
pub const ON_HAND_LIMIT: i64 = 9_007_199_254_740_991;
/// The largest unit cost, in minor units of the currency.
pub const UNIT_COST_LIMIT: i64 = 1_000_000_000_000;

/// What must be at least 1, such as a quantity checked in.
pub const QUANTITY: RangeInclusive<i64> = 1..=QUANTITY_LIMIT;
/// What may be nothing, such as a count or a reorder level.
pub const COUNT: RangeInclusive<i64> = 0..=QUANTITY_LIMIT;
/// What a unit may cost.
pub const UNIT_COST: RangeInclusive<i64> = 0..=UNIT_COST_LIMIT;

/// A figure or a text that is never right, whatever the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum OutOfLimits {
    /// Nothing that shows.
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
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A line break, a tab or another control character, or a mark that overrides the direction of
    /// text (Unicode Bidirectional Algorithm, 2): it would show other than it reads.
    #[error("{field} contains a control character at position {place}")]
    ControlCharacter {
        /// The field's name in the command.
        field: String,
        /// Which character it is, from 1.
        place: usize,
    },
    /// A figure outside of its range.
    #[error("{field} is {}; it must be {} to {}", grouped(*value), grouped(*minimum), grouped(*maximum))]
    OutOfRange {
        /// The field's name in the command.
        field: String,
        /// What it is.
        value: i64,
        /// The least it may be.
        minimum: i64,
        /// The most it may be.
        maximum: i64,
    },
}

/// The text without the space around it, if it is a line of 1 to [`TEXT_LIMIT`] characters.
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

/// Like [`line()`], but blank and absent are both nothing.
///
/// # Errors
/// [`OutOfLimits`], naming `field`.
pub fn optional_line(field: &str, text: Option<&str>) -> Result<Option<String>, OutOfLimits> {
    match text {
        Some(text) if !text.chars().all(is_invisible) => line(field, text).map(Some),
        _ => Ok(None),
    }
}

/// The value, if it is in the range.
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

/// Shows as nothing, though it is neither white space nor ignorable.
pub(crate) const BLANK_BRAILLE: char = '\u{2800}';

/// Returns whether a text of such characters alone would show as nothing.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c == BLANK_BRAILLE || is_ignorable(c)
}

/// Joiners, marks of direction, selectors, fillers (Unicode's `Default_Ignorable_Code_Point`). Within a text they
/// have their uses: an emoji of a family holds joiners, the flag of Wales holds tags.
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
