use api::{Json, Problem};
use event_store::{AggregateId, Version};
use leptos::prelude::*;

use crate::views::RecordView;
#[cfg(feature = "ssr")]
use {crate::listing::Digest, crate::views::OtherRecord, api::ListPage, domain::list::ListRequest};

/// The most records that the forms of a page offer, which is also the most rows of a list's page.
#[cfg(feature = "ssr")]
const OTHERS: u32 = 200;
/// The most records that a page lists as its contents.
#[cfg(feature = "ssr")]
const CONTENTS: u32 = 50;

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
        let others = others(&*desk, &aggregate.kind).await?;
        let contents = contents(&*desk, &aggregate).await?;
        Ok(RecordView { now, viewed, change_sets, after, before, beyond, others, contents, faults })
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

/// Returns the records that a record of this kind may refer to. While the list is not available
/// there are none: the page can be read without them.
#[cfg(feature = "ssr")]
async fn others(desk: &dyn api::Desk, kind: &str) -> Result<Vec<OtherRecord>, Problem> {
    let mut others = Vec::new();
    let kind = named(kind).map(|kind| kind.screen());
    for listing in kind.map_or(&[][..], |screen| screen.refers_to) {
        let Some(other) = named(listing.kind) else { continue };
        let request = ListRequest { limit: OTHERS, ..ListRequest::default() };
        let page = unless_unavailable(desk.list(listing.kind, request).await)?;
        for row in page.unwrap_or_default().rows {
            let digest = (listing.digest)(&row.state);
            let Digest { name, is_in_use, .. } = digest.map_err(|error| unreadable(&error))?;
            others.push(OtherRecord { aggregate: other.aggregate(row.id), name, is_in_use });
        }
    }
    Ok(others)
}

/// Returns the first records that refer to this one, if its page lists them and the list is
/// available.
#[cfg(feature = "ssr")]
async fn contents(
    desk: &dyn api::Desk,
    aggregate: &AggregateId,
) -> Result<Option<ListPage>, Problem> {
    let Some(contents) = named(&aggregate.kind).and_then(|kind| kind.screen().contents) else {
        return Ok(None);
    };
    let limit = CONTENTS;
    let request = ListRequest { refers_to: Some(aggregate.id), limit, ..ListRequest::default() };
    unless_unavailable(desk.list(contents.listing.kind, request).await)
}

#[cfg(feature = "ssr")]
fn named(kind: &str) -> Option<crate::kind::KindRef> {
    crate::kinds::KINDS.into_iter().find(|known| known.name() == kind)
}

#[cfg(feature = "ssr")]
fn unless_unavailable<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Err(problem) if problem.is(api::Code::Unavailable) => Ok(None),
        found => found.map(Some),
    }
}

#[cfg(feature = "ssr")]
fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::new(api::Code::Internal, format!("a row of a list cannot be read: {error}"))
}
