use domain::Kind;
use domain::list::Row;
use event_store::{AggregateId, ChangeSet};
use uuid::Uuid;

use crate::apply::{ApplyReport, Gap, Unreadable};

/// Returns the row advanced by these change sets, using the domain's own `evolve`, or `None` if
/// none of them advances it.
pub(crate) fn advance<K: Kind>(
    id: Uuid,
    mut row: Option<Row<K>>,
    history: &[&ChangeSet],
    report: &mut ApplyReport,
) -> Option<Row<K>> {
    let aggregate = || AggregateId::of::<K>(id);
    let before = row.as_ref().map_or(0, |row| row.version);
    for change_set in history {
        let next = row.as_ref().map_or(0, |row| row.version) + 1;
        if change_set.version < next {
            report.skipped += 1;
            continue;
        }
        if change_set.version > next {
            report.gaps.push(Gap { aggregate: aggregate(), from: next });
            break;
        }
        match change_set.events::<K>() {
            Ok(events) => {
                let updated_at = change_set.content().recorded_at;
                let created_at = row.as_ref().map_or(updated_at, |row| row.created_at);
                let state = row.map_or_else(K::default, |row| row.state);
                let state = events.iter().fold(state, K::evolve);
                row = Some(Row { id, version: next, state, created_at, updated_at });
                report.applied += 1;
            }
            Err(error) => {
                let problem = error.to_string();
                let aggregate = aggregate();
                report.unreadable.push(Unreadable { aggregate, version: next, problem });
                break;
            }
        }
    }
    row.filter(|row| row.version > before)
}
