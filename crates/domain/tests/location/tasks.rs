use domain::Location;
use domain::kind::{Kind as _, Task as _};
use domain::location::{LocationRejection as Rejection, Task};
use event_store::Aggregate;

use super::*;

fn location(events: impl IntoIterator<Item = Event>) -> Location {
    events.into_iter().fold(Location::default(), |location, event| location.evolve(&event))
}

fn refused(location: &Location) -> Vec<(Task, Rejection)> {
    let refusal = |task: &Task| Some((*task, location.allows(*task).err()?));
    Task::ALL.iter().filter_map(refusal).collect()
}

fn exists_already() -> (Task, Rejection) {
    (Task::Register, Rejection::ExistsAlready { registered_as: "BACK".into() })
}

#[test]
fn a_location_that_does_not_exist_can_only_be_registered() {
    let unknown = [Task::Rename, Task::Close, Task::Reopen];
    let unknown = unknown.map(|task| (task, Rejection::UnknownLocation));
    assert_eq!(refused(&Location::default()), unknown);
}

#[test]
fn an_open_location_can_be_renamed_and_closed() {
    let expected = [(Task::Reopen, Rejection::AlreadyOpen), exists_already()];
    assert_eq!(refused(&location([registered()])), expected);
}

#[test]
fn a_closed_location_can_only_be_reopened() {
    let expected = [
        (Task::Rename, Rejection::Closed),
        (Task::Close, Rejection::AlreadyClosed),
        exists_already(),
    ];
    assert_eq!(refused(&location([registered(), closed()])), expected);
    assert_eq!(Location::unblocked_by(&Rejection::Closed), Some(Task::Reopen));
}

#[test]
fn a_location_whose_name_is_a_dash_can_be_renamed() {
    assert_eq!(location([registered(), renamed("-")]).allows(Task::Rename), Ok(()));
}

#[test]
fn an_unknown_location_is_told_apart_from_other_refusals() {
    assert!(Location::is_unknown(&Rejection::UnknownLocation));
    assert!(!Location::is_unknown(&Rejection::Closed));
}

#[test]
fn a_task_is_called_what_its_button_says() {
    let titles: Vec<_> = Task::ALL.iter().map(|task| task.title()).collect();
    assert_eq!(
        titles,
        ["Rename location", "Close location", "Reopen location", "Register location"]
    );
}

#[test]
fn a_location_is_known_by_its_name() {
    assert_eq!(location([registered()]).display_name(), "Back room");
}

#[test]
fn a_task_has_the_slug_that_addresses_name() {
    let slugs: Vec<_> = Task::ALL.iter().map(|task| task.slug()).collect();
    assert_eq!(slugs, ["rename", "close", "reopen", "register"]);
}
