use std::str::FromStr;

use domain::figures;
use uuid::Uuid;

use super::{FieldProblem, FieldSpec, Fields};

/// The input of a form, read field by field.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    specs: &'static [FieldSpec],
    fields: &'a Fields,
}

impl<'a> Input<'a> {
    /// Returns the input of a form with these fields.
    pub const fn new(specs: &'static [FieldSpec], fields: &'a Fields) -> Self {
        Self { specs, fields }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// The text is blank.
    pub fn line(&self, name: &'static str) -> Result<String, FieldProblem> {
        self.optional_line(name).ok_or_else(|| self.problem(name, "must not be blank", true))
    }

    /// Reads a text that may be blank.
    pub fn optional_line(&self, name: &'static str) -> Option<String> {
        let text = self.fields.get(name).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Reads a whole number.
    ///
    /// # Errors
    /// The text is blank or not a whole number.
    pub fn count(&self, name: &'static str) -> Result<i64, FieldProblem> {
        self.optional_count(name)?.ok_or_else(|| self.problem(name, "must not be blank", true))
    }

    /// Reads a whole number in every form in which the page prints it; `None` if blank.
    ///
    /// # Errors
    /// The text is not a whole number.
    pub fn optional_count(&self, name: &'static str) -> Result<Option<i64>, FieldProblem> {
        let text = self.fields.get(name).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || self.problem(name, "must be a whole number, such as 1200 or 1,200", false);
        figures::read(text).map(Some).ok_or_else(wrong)
    }

    /// Reads one of the listed options.
    ///
    /// # Errors
    /// The text is blank or not an option.
    pub fn choice<T: FromStr>(&self, name: &'static str) -> Result<T, FieldProblem> {
        let text = self.line(name)?;
        text.parse().map_err(|_| self.problem(name, "must be one of the listed options", false))
    }

    /// Reads the id of a record; `None` if blank.
    ///
    /// # Errors
    /// The text is not an id.
    pub fn optional_id(&self, name: &'static str) -> Result<Option<Uuid>, FieldProblem> {
        let wrong = |_| self.problem(name, "must be one of the listed options", false);
        self.optional_line(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    fn problem(&self, field: &'static str, fault: &str, missing: bool) -> FieldProblem {
        let label = self.specs.iter().find(|s| s.name == field).map_or(field, |s| s.label);
        FieldProblem { field, message: format!("{label} {fault}."), missing }
    }
}
