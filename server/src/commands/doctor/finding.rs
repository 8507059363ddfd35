use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// Everything is as it should be.
    Ok,
    /// It works now, but may fail one day.
    Warning,
    /// It does not work.
    Problem,
}

/// A finding and its remedy, printed as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    what: String,
    remedy: String,
}

impl Finding {
    pub(super) fn ok(what: impl Into<String>) -> Self {
        Self { severity: Severity::Ok, what: what.into(), remedy: String::new() }
    }

    pub(super) fn warning(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn problem(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Problem, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Ok => "ok",
            Severity::Warning => "warning",
            Severity::Problem => "problem",
        };
        write!(f, "{severity}: {}", self.what.trim_end_matches('.'))?;
        match &*self.remedy {
            "" => Ok(()),
            remedy => write!(f, ". {remedy}"),
        }
    }
}
