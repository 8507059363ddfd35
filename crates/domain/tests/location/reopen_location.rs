use domain::Location;
use domain::location::{LocationRejection as Rejection, ReopenLocation};
use event_store::testing::scenario::given;

use super::*;

#[test]
fn opens_a_closed_location_again() {
    given::<Location>([registered(), closed()]).when(ReopenLocation {}).then([reopened()]);
    given::<Location>([registered(), closed()])
        .when(ReopenLocation {})
        .then_state(|location| assert!(location.open));
}

#[test]
fn is_refused_when_there_is_no_such_location() {
    given::<Location>([]).when(ReopenLocation {}).then_rejected_with(Rejection::UnknownLocation);
}

#[test]
fn is_refused_when_the_location_is_open() {
    given::<Location>([registered()])
        .when(ReopenLocation {})
        .then_rejected_with(Rejection::AlreadyOpen);
}
