use domain::Location;
use domain::limits::OutOfLimits;
use domain::location::{LocationRejection as Rejection, RegisterLocation};
use event_store::testing::scenario::given;

use super::*;

fn register(code: &str, name: &str) -> RegisterLocation {
    RegisterLocation { code: code.into(), name: name.into() }
}

#[test]
fn opens_a_location_with_trimmed_texts() {
    given::<Location>([]).when(register(" BACK ", "\tBack room ")).then([registered()]);
    given::<Location>([]).when(register(" BACK ", "\tBack room ")).then_state(|location| {
        let expected = Location { code: "BACK".into(), name: "Back room".into(), open: true };
        assert_eq!(location, &expected);
    });
}

#[test]
fn is_refused_when_the_location_exists_open_or_closed() {
    let refused = || Rejection::ExistsAlready { registered_as: "BACK".into() };
    given::<Location>([registered()]).when(register("A", "A")).then_rejected_with(refused());
    given::<Location>([registered(), closed()])
        .when(register("A", "A"))
        .then_rejected_with(refused());
}

#[test]
fn is_refused_when_a_text_is_blank() {
    given::<Location>([]).when(register("\u{200b}", "A")).then_rejected_with(blank("code"));
    given::<Location>([]).when(register("A", " ")).then_rejected_with(blank("name"));
}

#[test]
fn is_refused_when_a_text_has_more_than_200_characters() {
    let too_long = OutOfLimits::TooLong { field: "name".into(), length: 201, limit: 200 };
    given::<Location>([]).when(register("A", &"é".repeat(201))).then_rejected_with(too_long);
}
