use api::{Json, Problem};
use event_store::{AggregateId, Version};
use leptos::prelude::*;

use crate::views::RecordView;

/// Returns a record as its page first shows it: as it is now, at `version` if given, and with 50
/// change sets of its history.
///
/// The change sets are those around that version, those before `before`, or the newest. If a
/// version is damaged, the answer does without it.
///
/// # Errors
/// 404 if the record or the version does not exist; `corrupt` if even its first version is damaged.
#[server(prefix = "/ui", endpoint = "record", input = Json, output = Json)]
pub async fn record(
    aggregate: AggregateId,
    version: Option<Version>,
    before: Option<Version>,
) -> Result<RecordView, Problem> {
    use super::host::{answer, desk};
    use crate::record::ROWS;
    use crate::views::Viewed;
    use api::{Fault, Reading};

    let load = async {
        let desk = desk()?;
        let Reading { record: now, fault } = desk.record(&aggregate, None).await?;
        let beyond = match &fault {
            Some(fault) => in_place_of(&*desk, &aggregate, fault.version).await,
            None => None,
        };
        let mut faults: Vec<Fault> = fault.into_iter().collect();
        // From the damaged version on, nothing can be viewed.
        let end = faults.first().map_or(Version::MAX, |fault| fault.version);
        let viewed = match version.filter(|version| *version != now.version && *version < end) {
            Some(version) => {
                let Reading { record, fault } = desk.record(&aggregate, Some(version)).await?;
                faults.extend(fault);
                Some(Viewed { version, record })
            }
            None => None,
        };
        let newest = match (before, &viewed) {
            (Some(before), _) => before.saturating_sub(1).clamp(1, now.version),
            (None, Some(viewed)) => {
                let around = viewed.version.saturating_add(ROWS as u64 / 2);
                if around.saturating_add(ROWS as u64 / 2) >= now.version {
                    now.version
                } else {
                    around.max(ROWS as u64)
                }
            }
            (None, None) => now.version,
        };
        let (mut change_sets, left_out) = desk.timeline(&aggregate, newest, ROWS).await?;
        change_sets.reverse();
        faults.extend(left_out);
        let after = match change_sets.last() {
            Some(last) if last.version != now.version => {
                sound(&*desk, &aggregate, last.version).await?
            }
            _ => Some(now.state.clone()),
        };
        let before = match change_sets.first() {
            Some(first) if first.version > 1 => {
                sound(&*desk, &aggregate, first.version - 1).await?
            }
            _ => None,
        };
        Ok(RecordView { now, viewed, change_sets, after, before, beyond, faults })
    };
    answer(load.await)
}

/// Returns the change set stored as this version, if it can be read.
#[cfg(feature = "ssr")]
async fn in_place_of(
    desk: &dyn api::Desk,
    aggregate: &AggregateId,
    version: Version,
) -> Option<event_store::ChangeSet> {
    let (change_sets, _) = desk.timeline(aggregate, version, 1).await.ok()?;
    change_sets.into_iter().find(|change_set| change_set.version == version)
}

/// Returns the state of the record as of a version, if that is undamaged.
#[cfg(feature = "ssr")]
async fn sound(
    desk: &dyn api::Desk,
    aggregate: &AggregateId,
    version: Version,
) -> Result<Option<api::StateJson>, Problem> {
    match desk.record(aggregate, Some(version)).await {
        Ok(reading) => Ok(Some(reading.record.state).filter(|_| reading.fault.is_none())),
        Err(problem) if problem.is(api::Code::Corrupt) => Ok(None),
        Err(problem) => Err(problem),
    }
}
