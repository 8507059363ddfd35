use serde::{Deserialize, Serialize};

use super::FieldSpec;

/// The input of a form, by field name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns the value of a field; empty if it was never filled in.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Returns whether both are the same in these fields.
    pub fn equal(&self, other: &Self, specs: &[FieldSpec]) -> bool {
        specs.iter().all(|field| self.get(field.name) == other.get(field.name))
    }

    /// Fills a field in.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
