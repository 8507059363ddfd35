//! `/api/v1/aggregates/{kind}/{id}/change-sets`

use std::sync::Arc;

use api::{Problem, wire};
use axum::extract::State;
use axum::response::Response;
use event_store::{LAST_VERSION, PAGE_BYTES, Page, Version};
use futures::stream;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::aggregates::Service;
use crate::desk::FrontDesk;
use crate::http::ids::AggregatePath;
use crate::http::parts::{self, Part};
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::openapi::{BUSY, CORRUPT};
use crate::problems;

const LIMIT: usize = 1000;
/// The number of change sets that are read at once.
const PART: usize = 200;

/// The selection of a page of the history.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// The last version already seen.
    #[serde(default)]
    #[param(value_type = u64, minimum = 0, maximum = 999_999_999_999_u64)]
    after: Version,
    /// The maximum number of change sets.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 1000)]
    limit: usize,
}

const fn default_limit() -> usize {
    100
}

/// A page of the history.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of what `parts::page` writes")]
struct History {
    /// The change sets, oldest first.
    change_sets: Vec<wire::ChangeSet>,
    /// The value of `after` for the next page; null at the end.
    #[schema(value_type = u64, required, nullable)]
    next: Option<Version>,
}

/// A page of a history, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/aggregates/{kind}/{id}/change-sets",
    tag = "aggregates",
    params(AggregatePath, HistoryQuery),
    responses(
        (status = 200, description = "A page", body = History),
        (status = 400, description = "`malformed`: says where"),
        (status = 404, description = "`unknown-kind` or `unknown-aggregate`"),
        (status = 429, description = BUSY),
        (status = 500, description = CORRUPT),
        (status = 503, description = "`unavailable`: the store does not answer; safe to repeat after \
            `retry-after` seconds"),
    ),
)]
pub(super) async fn get(
    State(desk): State<FrontDesk>,
    AggregatePath { kind, id }: AggregatePath,
    Query(HistoryQuery { after, limit }): Query<HistoryQuery>,
) -> Result<Response, ProblemDocument> {
    if !(1..=LIMIT).contains(&limit) {
        return Err(problems::malformed("", format!("limit: expected 1 to {LIMIT}")).into());
    }
    if after > LAST_VERSION {
        return Err(problems::malformed("", format!("after: expected 0 to {LAST_VERSION}")).into());
    }
    let reading = Reading { kind: desk.kinds().named(&kind)?, id, after, left: limit };
    let (first, reading) = reading.part().await?;
    let rest = reading.map(|reading| {
        stream::unfold(Some(reading), |reading| async {
            // What cannot be read comes first on the next page, which reports it.
            reading?.part().await.ok()
        })
    });
    Ok(parts::page("change_sets", first, rest)?)
}

/// The part of the page that is still to be read.
struct Reading {
    kind: Arc<dyn Service>,
    id: Uuid,
    after: Version,
    left: usize,
}

impl Reading {
    /// Reads the next change sets, and returns what remains after them.
    async fn part(self) -> Result<(Part<wire::ChangeSet, Option<Version>>, Option<Self>), Problem> {
        let Self { kind, id, after, left } = self;
        let wanted = left.min(PART);
        // One more than wanted tells whether another page follows. So does a page that is full of
        // large change sets.
        let page = Page::After { version: after, limit: wanted + 1 };
        let found = kind.change_sets(id, page).await?;
        let bytes: usize = found.iter().map(|change_set| change_set.body().len()).sum();
        let has_more = found.len() > wanted || bytes >= PAGE_BYTES;
        let items: Vec<_> = found.iter().take(wanted).map(wire::ChangeSet::from).collect();
        let next = items.last().map(|newest| newest.version).filter(|_| has_more);
        let left = left - items.len();
        let rest = next.filter(|_| left > 0).map(|after| Self { kind, id, after, left });
        Ok((Part { items, next }, rest))
    }
}
