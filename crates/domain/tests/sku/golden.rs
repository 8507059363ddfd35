//! Stored data must stay readable forever.
//!
//! **A golden file never changes.** A new schema version is a new file beside the old one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::Sku;
use domain::sku::{SkuCommand, SkuEvent};
use event_store::{Aggregate, AggregateId, ChangeSet, Context, Hash, Timestamp, verify};
use serde_json::Value;

use super::*;

fn events() -> Vec<(&'static str, SkuEvent)> {
    // A new event is a compile error here until it has a file.
    let one = |event: SkuEvent| match &event {
        SkuEvent::SkuClaimed(_) => ("SkuClaimed.1", event),
    };
    vec![one(claimed("TUBE-28″", ITEM))]
}

fn commands() -> Vec<(&'static str, SkuCommand)> {
    let one = |command: SkuCommand| match &command {
        SkuCommand::ClaimSku(_) => ("ClaimSku", command),
    };
    vec![one(claim(" TUBE-28″ ", ITEM).into())]
}

#[test]
fn every_event_matches_its_golden_file() {
    assert_eq!(files_in("events"), events().iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, event) in events() {
        let golden = golden(&format!("events/{name}"));
        let mut body: Value = serde_json::from_str(sealed().body()).unwrap();
        body["events"][0] = golden.clone();
        let read = change_set(body.to_string()).events::<Sku>();
        assert_eq!(read.unwrap(), std::slice::from_ref(&event), "{name}");
        assert_eq!(serde_json::to_value(event).unwrap(), golden, "{name}");
    }
}

#[test]
fn every_command_matches_its_golden_file() {
    let names = commands().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files_in("commands"), names);
    for (name, command) in commands() {
        let golden = golden(&format!("commands/{name}"));
        assert_eq!(serde_json::from_value::<SkuCommand>(golden.clone()).unwrap(), command);
        assert_eq!(serde_json::to_value(command).unwrap(), golden, "{name}");
    }
}

/// Pins the body byte by byte, and the content and order that the hash covers.
#[test]
fn sealing_reproduces_the_golden_claim() {
    let golden: ChangeSet = serde_json::from_value(golden("claim")).unwrap();
    assert_eq!(sealed(), golden);
    let verification = verify::<Sku>(&aggregate(), &[golden]);
    assert!(verification.ok, "{verification:?}");
}

fn aggregate() -> AggregateId {
    AggregateId::of::<Sku>(Sku::former_id("TUBE-28″"))
}

fn sealed() -> ChangeSet {
    let command_id = uuid!("019a0000-0001-7000-8000-000000000001");
    let context = Context {
        command_id,
        actor: "somebody".into(),
        recorded_at: Timestamp::from_millis(0x019a_0000_0001),
        rules: Sku::RULES,
        correlation_id: command_id,
        causation_id: None,
    };
    let command = claim(" TUBE-28″ ", ITEM).into();
    let events = Sku::default().decide(&command, &context).unwrap();
    ChangeSet::seal::<Sku>(aggregate(), 1, Hash::ZERO, &command, &events, &context).unwrap()
}

/// A change set as a store returns it, with this body.
fn change_set(body: String) -> ChangeSet {
    ChangeSet::from_parts(aggregate(), 1, Hash::ZERO, Hash::ZERO, body).unwrap()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sku")
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
