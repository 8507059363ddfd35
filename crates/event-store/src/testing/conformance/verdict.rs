use std::fmt::{self, Debug, Display};

/// The reason why a check failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

/// The outcome of a check.
pub(super) type Verdict<T = ()> = Result<T, Failure>;

impl Failure {
    /// Creates a failure with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Turns any error into a failure. `Failure` itself must not implement `Error`, or this would
/// conflict with `From<T> for T`.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn ensure(holds: bool, claim: impl Display) -> Verdict {
    if holds { Ok(()) } else { Err(Failure(format!("expected {claim}"))) }
}

pub(super) fn equal<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Verdict {
    if found == expected {
        return Ok(());
    }
    let [found, expected] = [found, expected].map(|value| shortened(format!("{value:?}")));
    Err(Failure(format!("{what}: expected {expected}, found {found}")))
}

pub(super) fn unexpected<T>(found: impl Debug, expected: impl Display) -> Verdict<T> {
    Err(Failure(format!("expected {expected}, found {}", shortened(format!("{found:?}")))))
}

/// Shortens a value, because some of the compared values have a megabyte.
fn shortened(mut text: String) -> String {
    const ENOUGH: usize = 400;
    if let Some((cut, _)) = text.char_indices().nth(ENOUGH) {
        text.truncate(cut);
        text.push('…');
    }
    text
}
