use domain::Location;
use domain::location::{LocationRejection as Rejection, RenameLocation};
use event_store::testing::scenario::given;

use super::*;

fn rename(name: &str) -> RenameLocation {
    RenameLocation { name: name.into() }
}

#[test]
fn gives_the_location_another_name_and_nothing_else() {
    given::<Location>([registered()]).when(rename(" Lager ")).then([renamed("Lager")]);
    given::<Location>([registered()]).when(rename(" Lager ")).then_state(|location| {
        assert_eq!((location.code.as_str(), location.name.as_str()), ("BACK", "Lager"));
        assert!(location.open);
    });
}

#[test]
fn is_refused_when_there_is_no_such_location() {
    given::<Location>([]).when(rename("Lager")).then_rejected_with(Rejection::UnknownLocation);
}

#[test]
fn is_refused_when_the_location_is_closed() {
    given::<Location>([registered(), closed()])
        .when(rename("Lager"))
        .then_rejected_with(Rejection::Closed);
}

#[test]
fn is_refused_when_the_name_is_the_same_after_trimming() {
    given::<Location>([registered()])
        .when(rename(" Back room"))
        .then_rejected_with(Rejection::SameName { name: "Back room".into() });
}

#[test]
fn is_refused_when_the_name_is_blank() {
    given::<Location>([registered()]).when(rename("")).then_rejected_with(blank("name"));
}
