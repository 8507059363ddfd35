use domain::InventoryItem;
use domain::inventory_item::Task;
use serde::{Deserialize, Serialize};

use super::spec::spec;

/// The input of a form, by field name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns the input of a task's form that is just opened on an item.
    pub fn initial(task: Task, item: &InventoryItem) -> Self {
        let mut fields = Self::default();
        match task {
            Task::WriteOffRemaining => fields.set("quantity", &item.on_hand.to_string()),
            Task::Rename => fields.set("name", &item.name),
            Task::ChangeMaximum => fields.set("max_quantity", &figure(item.max_quantity)),
            Task::SetReorderLevel => fields.set("level", &figure(item.reorder_level)),
            _ => {}
        }
        fields
    }

    /// Returns whether the input is still that of a form just opened on an item.
    pub fn is_initial(&self, task: Task, item: &InventoryItem) -> bool {
        let initial = Self::initial(task, item);
        spec(task).iter().all(|field| self.get(field.name) == initial.get(field.name))
    }

    /// Returns the value of a field; empty if it was never filled in.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
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

fn figure(value: Option<i64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
