use domain::Location;
use domain::location::{CloseLocation, LocationRejection as Rejection};
use event_store::testing::scenario::given;

use super::*;

fn close(reason: &str) -> CloseLocation {
    CloseLocation { reason: reason.into() }
}

#[test]
fn closes_the_location_and_keeps_its_texts() {
    given::<Location>([registered()]).when(close(" moved out ")).then([closed()]);
    given::<Location>([registered()]).when(close(" moved out ")).then_state(|location| {
        assert_eq!((location.code.as_str(), location.name.as_str()), ("BACK", "Back room"));
        assert!(!location.open);
    });
}

#[test]
fn is_refused_when_there_is_no_such_location() {
    given::<Location>([]).when(close("x")).then_rejected_with(Rejection::UnknownLocation);
}

#[test]
fn is_refused_when_the_location_is_already_closed() {
    given::<Location>([registered(), closed()])
        .when(close("x"))
        .then_rejected_with(Rejection::AlreadyClosed);
}

#[test]
fn is_refused_without_a_reason() {
    given::<Location>([registered()]).when(close(" ")).then_rejected_with(blank("reason"));
}
