use domain::Location;
use domain::location::{
    LocationClosed, LocationEvent, LocationRegistered, LocationRejection, LocationRenamed,
    LocationReopened, Task,
};

use super::words;
use crate::kind::{ErasedState, erased, refusal};
use crate::task_form::{Fields, Verdict};

fn location() -> Location {
    Location { code: "BACK".into(), name: "Back room".into(), open: true }
}

fn verdict(location: &Location, task: Task, pairs: &[(&str, &str)]) -> Verdict {
    let fields: Fields = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    ErasedState::preflight(location, erased::<Location>(task), &fields)
}

fn effect_of(location: &Location, task: Task, pairs: &[(&str, &str)]) -> String {
    match verdict(location, task, pairs) {
        Verdict::Allowed { effect, .. } => effect,
        other => format!("{other:?}"),
    }
}

#[test]
fn an_allowed_form_describes_its_effect() {
    let (open, closed) = (location(), Location { open: false, ..location() });
    let register = [("name", " Van "), ("code", "VAN")];
    assert_eq!(
        effect_of(&Location::default(), Task::Register, &register),
        "a new location, “\u{2068}Van\u{2069}”"
    );
    assert_eq!(effect_of(&open, Task::Rename, &[("name", "A")]), "named “\u{2068}A\u{2069}”");
    assert_eq!(
        effect_of(&open, Task::Close, &[("reason", "sold")]),
        "closed, with its history kept"
    );
    assert_eq!(effect_of(&closed, Task::Reopen, &[]), "open again");
}

#[test]
fn a_refused_form_has_the_domains_reason_and_the_task_that_would_unblock_it() {
    let closed = Location { open: false, ..location() };
    let refused = verdict(&closed, Task::Rename, &[("name", "A")]);
    assert_eq!(refused, Verdict::Refused(refusal::<Location>(&LocationRejection::Closed)));
    let Verdict::Refused(refused) = refused else { return };
    assert_eq!(refused.sentence, "The location is closed.");
    assert_eq!(refused.unblocked_by.map(|task| task.title), Some("Reopen location"));
}

#[test]
fn an_untouched_form_is_not_wrong_yet() {
    let opened = verdict(&location(), Task::Rename, &[("name", "Back room")]);
    assert!(matches!(opened, Verdict::Incomplete(..)), "{opened:?}");
    let typed = verdict(&location(), Task::Rename, &[("name", "Back room ")]);
    assert!(matches!(typed, Verdict::Refused(_)), "{typed:?}");
}

#[test]
fn sentences_and_stories_read_as_a_person_would_say_them() {
    let events: [(LocationEvent, &str, &str); 4] = [
        (
            LocationRegistered { code: "BACK".into(), name: "Back room".into() }.into(),
            "Registered as “\u{2068}Back room\u{2069}”",
            "registered it as “\u{2068}Back room\u{2069}”",
        ),
        (
            LocationRenamed { name: "Lager".into() }.into(),
            "Renamed to “\u{2068}Lager\u{2069}”",
            "renamed it to “\u{2068}Lager\u{2069}”",
        ),
        (LocationClosed { reason: "sold".into() }.into(), "Closed", "closed it"),
        (LocationReopened {}.into(), "Reopened", "reopened it"),
    ];
    for (event, sentence, story) in events {
        assert_eq!((&*words::sentence(&event), &*words::story(&event)), (sentence, story));
    }
}

#[test]
fn text_that_people_wrote_is_isolated_in_a_refusal() {
    let refused = LocationRejection::ExistsAlready { registered_as: "BACK".into() };
    assert_eq!(words::refusal(&refused), "This location already exists, as \u{2068}BACK\u{2069}.");
}
