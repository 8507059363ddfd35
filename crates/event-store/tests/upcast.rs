//! Events of older schemas, read by today's program.

use event_store::{
    Aggregate, AggregateId, ChangeSet, Context, DecodeError, Hash, Timestamp, UpcastError, Upcaster,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Visitor;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    /// First `{"name"}`, then `{"names": […]}`, now `{"names", "language"}`.
    Greeted {
        names: Vec<String>,
        language: String,
    },
    Left {
        at: u32,
    },
    /// Its upcaster from 1 to 2 was lost.
    Waved {
        hands: u32,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Visitor {
    const KIND: &'static str = "visitor";
    type Command = Value;
    type Event = Event;
    type Rejection = Never;

    fn decide(&self, _: &Value, _: &Context) -> Result<Vec<Event>, Never> {
        Err(Never)
    }

    fn evolve(self, _: &Event) -> Self {
        self
    }

    fn event_upcasters() -> &'static [Upcaster] {
        &[
            Upcaster {
                name: "Greeted",
                from: 2,
                upcast: |mut data| {
                    data["language"] = json!("en");
                    Ok(data)
                },
            },
            Upcaster {
                name: "Greeted",
                from: 1,
                upcast: |data| match data.get("name") {
                    Some(name) => Ok(json!({ "names": [name] })),
                    None => Err("there is no name".to_owned()),
                },
            },
            Upcaster { name: "Waved", from: 2, upcast: Ok },
        ]
    }
}

fn read(events: Value) -> Result<Vec<Event>, DecodeError> {
    let body = json!({
        "command_id": Uuid::nil(),
        "command": { "type": "Greet" },
        "events": events,
        "actor": "tester",
        "reason": null,
        "recorded_at": "2026-01-01T12:00:00.000Z",
        "correlation_id": Uuid::nil(),
        "causation_id": null,
        "rules": 1,
    });
    let visitor = AggregateId::of::<Visitor>(Uuid::nil());
    ChangeSet::from_parts(visitor, 1, Hash::ZERO, Hash::ZERO, body.to_string())
        .and_then(|change_set| change_set.events::<Visitor>())
}

fn greeted(names: &[&str], language: &str) -> Event {
    let names = names.iter().map(ToString::to_string).collect();
    Event::Greeted { names, language: language.to_owned() }
}

#[test]
fn every_schema_is_upcast_to_the_newest_step_by_step() {
    let events = read(json!([
        { "type": "Greeted", "data": { "name": "Ada" } },
        { "type": "Greeted", "schema": 2, "data": { "names": ["Ada", "Grace"] } },
        { "type": "Greeted", "schema": 3, "data": { "names": [], "language": "fr" } },
        { "type": "Left", "data": { "at": 5 } },
    ]));
    let expected = [
        greeted(&["Ada"], "en"),
        greeted(&["Ada", "Grace"], "en"),
        greeted(&[], "fr"),
        Event::Left { at: 5 },
    ];
    assert_eq!(events.unwrap(), expected);
}

#[test]
fn an_event_without_an_upcaster_is_an_error_that_names_its_schema() {
    let newer = |name: &str, schema| UpcastError::Newer { name: name.to_owned(), schema };
    let gone = |name: &str, schema| UpcastError::Gone { name: name.to_owned(), schema };
    for (name, schema, expected) in [
        ("Greeted", 4, newer("Greeted", 4)),
        ("Left", 2, newer("Left", 2)),
        ("Waved", 1, gone("Waved", 1)),
        ("Waved", 4, newer("Waved", 4)),
        ("Sang", 1, newer("Sang", 1)),
    ] {
        let events = read(json!([{ "type": name, "schema": schema, "data": { "hands": 1 } }]));
        match events.unwrap_err() {
            DecodeError::Upcast(found) => assert_eq!(found, expected),
            other => unreachable!("{other}"),
        }
    }
}

#[test]
fn a_failing_upcaster_is_an_error_with_its_reason() {
    let error = read(json!([{ "type": "Greeted", "data": {} }])).unwrap_err();
    assert_eq!(error.to_string(), "Greeted of schema 1 cannot be upcast: there is no name");
}

#[test]
fn an_event_that_is_unreadable_after_upcasting_is_an_error() {
    let events = json!([{ "type": "Greeted", "schema": 2, "data": { "names": "Ada" } }]);
    assert!(matches!(read(events), Err(DecodeError::Json(_))));
    assert!(matches!(read(json!([])), Err(DecodeError::NoEvents)));
}

/// The program knows the type and its schema, so a newer program would not read it either.
#[test]
fn a_known_event_with_unreadable_data_is_not_taken_for_a_newer_one() {
    let error = read(json!([{ "type": "Left", "data": { "at": "noon" } }])).unwrap_err();
    assert!(matches!(error, DecodeError::Json(_)), "{error}");
}

#[test]
fn events_are_written_in_the_newest_schema_whose_number_is_left_out_if_it_is_1() {
    let context = Context {
        command_id: Uuid::nil(),
        actor: "tester".to_owned(),
        recorded_at: Timestamp::from_millis(0),
        rules: 1,
        correlation_id: Uuid::nil(),
        causation_id: None,
    };
    let visitor = AggregateId::of::<Visitor>(Uuid::nil());
    let events = [greeted(&["Ada"], "en"), Event::Left { at: 5 }];
    let command = json!({ "type": "Greet", "data": null });
    let sealed =
        ChangeSet::seal::<Visitor>(visitor, 1, Hash::ZERO, &command, &events, &context).unwrap();
    let body: Value = serde_json::from_str(sealed.body()).unwrap();
    assert_eq!(
        body["events"],
        json!([
            { "type": "Greeted", "data": { "names": ["Ada"], "language": "en" }, "schema": 3 },
            { "type": "Left", "data": { "at": 5 } },
        ])
    );
    assert_eq!(sealed.events::<Visitor>().unwrap(), events);
}
