//! The calls of all clients, and their outcomes.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::books::{Books, Name, name_of};
use super::call::{Call, Told};

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) accepted: Vec<(Call, Vec<Value>)>,
    /// Calls of which nothing may ever be found.
    pub(super) refused: Vec<Call>,
    /// Calls whose outcome is unknown.
    pub(super) unknown: Vec<Call>,
    /// Every aggregate that a command addressed, whether or not it exists.
    pub(super) aggregates: BTreeSet<Name>,
    ids: HashSet<String>,
}

impl Ledger {
    pub(super) fn note(&mut self, call: Call, told: Told) {
        for command in call.commands() {
            self.aggregates.insert(name_of(&command["aggregate"]));
            self.ids.insert(command["command_id"].as_str().unwrap().to_owned());
        }
        match told {
            Told::Accepted(answers) => {
                assert_eq!(answers.len(), call.commands().len(), "{call:?}");
                self.accepted.push((call, answers));
            }
            Told::Refused { .. } => self.refused.push(call),
            Told::Nothing => self.unknown.push(call),
        }
    }

    /// Asserts that the books agree with all outcomes.
    pub(super) fn assert_kept(&self, books: &Books) {
        for (call, answers) in &self.accepted {
            for (command, answer) in call.commands().iter().zip(answers) {
                let found = books.found(command).map(|(version, hash)| (*version, &**hash));
                let told = (answer["version"].as_u64().unwrap(), answer["hash"].as_str().unwrap());
                assert_eq!(found, Some(told), "acknowledged, but lost or different: {command}");
            }
        }
        for command in self.refused.iter().flat_map(Call::commands) {
            assert_eq!(books.found(command), None, "refused, but recorded: {command}");
        }
        for call in &self.unknown {
            let there = call.commands().iter().filter(|command| books.found(command).is_some());
            let there = there.count();
            assert!(there == 0 || there == call.commands().len(), "{there} of {call:?}");
        }
        for id in books.command_ids() {
            assert!(self.ids.contains(id), "nobody sent {id}");
        }
    }
}
