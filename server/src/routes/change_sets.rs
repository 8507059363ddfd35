//! `/api/v1/aggregates/{kind}/{id}/change-sets`

use axum::Json;
use axum::extract::State;
use event_store::{PAGE_BYTES, Page, Version, wire};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::desk::FrontDesk;
use crate::http::ids::AggregatePath;
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::openapi::schemas;
use crate::problems;

const LIMIT: usize = 1000;

/// Which page of the history.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// The last version already seen.
    #[serde(default)]
    after: Version,
    /// How many change sets at most.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 1000)]
    limit: usize,
}

const fn default_limit() -> usize {
    100
}

/// A page of the history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct History {
    #[schema(value_type = Vec<schemas::ChangeSet>)]
    change_sets: Vec<wire::ChangeSet>,
    /// What to give as `after` for the next page; null at the end.
    #[schema(required)]
    next: Option<Version>,
}

/// A page of a history, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/aggregates/{kind}/{id}/change-sets",
    tag = "aggregates",
    params(schemas::AggregatePath, HistoryQuery),
    responses(
        (status = 200, description = "A page", body = History),
        (status = 400, description = "`malformed`: says where", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`unknown-kind` or `unknown-aggregate`", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 500, description = "`corrupt`: what is stored is not what was written", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store is away; safe to repeat after `retry-after` seconds", body = schemas::Problem,
            content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(desk): State<FrontDesk>,
    AggregatePath { kind, id }: AggregatePath,
    Query(HistoryQuery { after, limit }): Query<HistoryQuery>,
) -> Result<Json<History>, ProblemDocument> {
    if !(1..=LIMIT).contains(&limit) {
        return Err(problems::malformed("", format!("limit: expected 1 to {LIMIT}")).into());
    }
    // One more than asked for tells whether there is another page. So does a page that is full of large ones.
    let page = Page::After { version: after, limit: limit + 1 };
    let found = desk.kinds().named(&kind)?.change_sets(id, page).await?;
    let bytes: usize = found.iter().map(|change_set| change_set.body().len()).sum();
    let more = found.len() > limit || bytes >= PAGE_BYTES;
    let change_sets: Vec<_> = found.iter().take(limit).map(wire::ChangeSet::from).collect();
    let next = change_sets.last().map(|newest| newest.version).filter(|_| more);
    Ok(Json(History { change_sets, next }))
}
