//! The specification of the location.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod close_location;
mod conflicts;
mod golden;
mod register_location;
mod rename_location;
mod reopen_location;
mod tasks;

use domain::limits::OutOfLimits;
use domain::location::{
    LocationClosed, LocationEvent as Event, LocationRegistered, LocationRenamed, LocationReopened,
};

fn registered() -> Event {
    LocationRegistered { code: "BACK".into(), name: "Back room".into() }.into()
}

fn renamed(name: &str) -> Event {
    LocationRenamed { name: name.into() }.into()
}

fn closed() -> Event {
    LocationClosed { reason: "moved out".into() }.into()
}

fn reopened() -> Event {
    LocationReopened {}.into()
}

fn blank(field: &str) -> OutOfLimits {
    OutOfLimits::Blank { field: field.into() }
}
