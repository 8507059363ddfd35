use domain::location::{LocationEvent as Event, LocationRejection};

use crate::text::{isolated, stated};

/// Formats a rejection as a sentence: `The location is closed.`
pub(super) fn refusal(rejection: &LocationRejection) -> String {
    let mut rejection = rejection.clone();
    if let LocationRejection::ExistsAlready { registered_as } = &mut rejection {
        *registered_as = isolated(registered_as);
    }
    stated(&rejection.to_string())
}

/// Describes the state after the event: `named “Back room”`.
pub(super) fn effect(event: &Event) -> String {
    match event {
        Event::LocationRegistered(e) => format!("a new location, “{}”", isolated(&e.name)),
        Event::LocationRenamed(e) => format!("named “{}”", isolated(&e.name)),
        Event::LocationClosed(_) => "closed, with its history kept".to_owned(),
        Event::LocationReopened(_) => "open again".to_owned(),
    }
}

/// Returns the sentence of an event in the timeline: `Registered as “Back room”`.
pub(super) fn sentence(event: &Event) -> String {
    match event {
        Event::LocationRegistered(e) => format!("Registered as “{}”", isolated(&e.name)),
        Event::LocationRenamed(e) => format!("Renamed to “{}”", isolated(&e.name)),
        Event::LocationClosed(_) => "Closed".to_owned(),
        Event::LocationReopened(_) => "Reopened".to_owned(),
    }
}

/// Describes an event, to follow the name of the person who caused it: `closed it`.
pub(super) fn story(event: &Event) -> String {
    match event {
        Event::LocationRegistered(e) => format!("registered it as “{}”", isolated(&e.name)),
        Event::LocationRenamed(e) => format!("renamed it to “{}”", isolated(&e.name)),
        Event::LocationClosed(_) => "closed it".to_owned(),
        Event::LocationReopened(_) => "reopened it".to_owned(),
    }
}
