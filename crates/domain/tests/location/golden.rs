//! Stored data must stay readable forever.
//!
//! **A golden file never changes.** A new schema version is a new file beside the old one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::location::{
    CloseLocation, LocationCommand as Command, LocationRejection as Rejection, RegisterLocation,
    RenameLocation, ReopenLocation,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

fn events() -> Vec<(&'static str, Event)> {
    // A new event is a compile error here until it has a file.
    let one = |event: Event| match &event {
        Event::LocationRegistered(_) => ("LocationRegistered.1", event),
        Event::LocationRenamed(_) => ("LocationRenamed.1", event),
        Event::LocationClosed(_) => ("LocationClosed.1", event),
        Event::LocationReopened(_) => ("LocationReopened.1", event),
    };
    let registered = LocationRegistered { code: "BACK".into(), name: "Back room 📦".into() };
    [registered.into(), renamed("Lager"), closed(), reopened()].map(one).into()
}

fn commands() -> Vec<(&'static str, Command)> {
    let one = |command: Command| match &command {
        Command::RegisterLocation(_) => ("RegisterLocation", command),
        Command::RenameLocation(_) => ("RenameLocation", command),
        Command::CloseLocation(_) => ("CloseLocation", command),
        Command::ReopenLocation(_) => ("ReopenLocation", command),
    };
    let register = RegisterLocation { code: "BACK".into(), name: "Back room 📦".into() };
    let rename = RenameLocation { name: "Lager".into() };
    let close = CloseLocation { reason: "moved out".into() };
    [register.into(), rename.into(), close.into(), ReopenLocation {}.into()].map(one).into()
}

#[test]
fn every_event_matches_its_golden_file() {
    matches_files("events", events());
}

#[test]
fn every_command_matches_its_golden_file() {
    matches_files("commands", commands());
}

#[test]
fn a_rejection_has_its_code_and_figures_on_the_wire() {
    for (rejection, expected) in [
        (Rejection::UnknownLocation, json!({"code": "unknown-location"})),
        (
            Rejection::ExistsAlready { registered_as: "BACK".into() },
            json!({"code": "exists-already", "registered_as": "BACK"}),
        ),
        (Rejection::Closed, json!({"code": "closed"})),
        (Rejection::AlreadyClosed, json!({"code": "already-closed"})),
        (Rejection::AlreadyOpen, json!({"code": "already-open"})),
        (Rejection::SameName { name: "A".into() }, json!({"code": "same-name", "name": "A"})),
        (blank("name").into(), json!({"code": "blank", "field": "name"})),
    ] {
        assert_eq!(serde_json::to_value(&rejection).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Rejection>(expected).unwrap(), rejection);
    }
}

fn matches_files<T>(place: &str, expected: Vec<(&'static str, T)>)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    assert_eq!(files_in(place), expected.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, value) in expected {
        let golden = golden(&format!("{place}/{name}"));
        assert_eq!(serde_json::from_value::<T>(golden.clone()).unwrap(), value, "{name}");
        assert_eq!(serde_json::to_value(value).unwrap(), golden, "{name}");
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/location")
}

fn files_in(place: &str) -> BTreeSet<String> {
    let files = fs::read_dir(directory().join(place)).unwrap();
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|file| name(file.unwrap().path())).collect()
}

fn golden(name: &str) -> Value {
    let path = directory().join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}
