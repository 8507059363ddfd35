//! Histories to write: sealed as usual, but not decided by an aggregate.

use event_store::{AggregateId, ChangeSet, Hash, Kind};
use uuid::Uuid;

pub(crate) fn tally(id: u128) -> AggregateId {
    AggregateId::new(Kind::from_static("tally"), Uuid::from_u128(id))
}

/// The change set after `last`, or the first, which notes this text. Texts of equal length give
/// bodies of equal length.
pub(crate) fn noting(aggregate: &AggregateId, last: Option<&ChangeSet>, text: &str) -> ChangeSet {
    let (version, prev) = last.map_or((1, Hash::ZERO), |last| (last.version + 1, last.hash));
    let id = Uuid::from_u128(version.into());
    let body = serde_json::json!({
        "command_id": id,
        "command": { "type": "Note", "data": { "text": text } },
        "events": [{ "type": "Noted", "data": { "text": text } }],
        "actor": "tester",
        "reason": null,
        "recorded_at": "2026-01-01T12:00:00.000Z",
        "correlation_id": id,
        "causation_id": null,
        "rules": 1,
    })
    .to_string();
    let hash = Hash::of_change_set(prev, aggregate, version, &body);
    ChangeSet::from_parts(aggregate.clone(), version, prev, hash, body).unwrap()
}

/// The same, with a body that spaces bring to this many bytes.
pub(crate) fn noting_in(
    bytes: usize,
    aggregate: &AggregateId,
    last: Option<&ChangeSet>,
) -> ChangeSet {
    let noted = noting(aggregate, last, "a note");
    let body = noted.body().to_owned() + &" ".repeat(bytes - noted.body().len());
    let hash = Hash::of_change_set(noted.prev, aggregate, noted.version, &body);
    ChangeSet::from_parts(aggregate.clone(), noted.version, noted.prev, hash, body).unwrap()
}
