use domain::Location;
use domain::location::{
    CloseLocation, LocationCommand as Command, RegisterLocation, RenameLocation, ReopenLocation,
};
use event_store::Aggregate;

use super::*;

#[test]
fn a_command_conflicts_with_changes_of_what_its_author_saw() {
    let register: Command = RegisterLocation { code: "A".into(), name: "A".into() }.into();
    let rename: Command = RenameLocation { name: "A".into() }.into();
    let close: Command = CloseLocation { reason: "x".into() }.into();
    let reopen: Command = ReopenLocation {}.into();
    let events = [registered(), renamed("B"), closed(), reopened()];
    for (command, expected) in [
        (register, [true, true, true, true]),
        (rename, [false, true, false, false]),
        (close, [false, false, false, true]),
        (reopen, [false, false, true, false]),
    ] {
        let found = events.each_ref().map(|event| Location::conflicts_with(&command, event));
        assert_eq!(found, expected, "{command:?}");
    }
}

#[test]
fn only_a_registration_begins_a_location() {
    let register = RegisterLocation { code: "A".into(), name: "A".into() }.into();
    assert!(Location::begins(&register));
    assert!(!Location::begins(&RenameLocation { name: "A".into() }.into()));
}

#[test]
fn a_closing_records_its_trimmed_reason() {
    let close = CloseLocation { reason: " moved out ".into() }.into();
    assert_eq!(Location::reason(&close).as_deref(), Some("moved out"));
    assert_eq!(Location::reason(&ReopenLocation {}.into()), None);
}
