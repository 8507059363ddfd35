//! `/api/v1/aggregates/{kind}` and `/api/v1/aggregates/{kind}/{id}`

use std::num::NonZeroU64;

use api::wire::AggregateState;
use api::{Desk, ListRow, openapi};
use axum::Json;
use axum::extract::{Path, State};
use domain::list::{ListRequest, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::desk::FrontDesk;
use crate::http::ids::AggregatePath;
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::openapi::{BUSY, CORRUPT};
use crate::problems;

/// The selection of a page of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Words that the record must contain, in any case and any order: an item in its SKU or name, a
    /// location in its code or name.
    #[serde(default)]
    search: String,
    /// The id of a record that the listed ones must refer to: a location lists the items that are
    /// in stock there.
    #[param(nullable = false)]
    refers_to: Option<Uuid>,
    /// The order: a column of the kind, with `-` before it for descending.
    #[serde(default)]
    #[param(value_type = openapi::ListSort, inline, required = false)]
    sort: Option<String>,
    /// The value of `next` of the previous page.
    #[param(nullable = false)]
    after: Option<String>,
    /// The maximum number of rows.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 200)]
    limit: u32,
}

const fn default_limit() -> u32 {
    50
}

/// A page of the list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Listed {
    #[schema(value_type = Vec<openapi::ListRow>)]
    rows: Vec<Box<RawValue>>,
    /// The value of `after` for the next page; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// The selection of a version.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AsOf {
    /// The version; the newest when left out.
    #[param(value_type = Option<u64>, nullable = false, minimum = 1, maximum = 999_999_999_999_u64)]
    version: Option<NonZeroU64>,
}

/// The list of a kind, from the read model.
#[utoipa::path(
    get,
    path = "/api/v1/aggregates/{kind}",
    tag = "aggregates",
    params(("kind" = String, Path, description = "The kind of aggregate", example = "inventory-item", pattern = "^[^#]+$"), ListQuery),
    responses(
        (status = 200, description = "A page", body = Listed),
        (status = 400, description = "`malformed`: says where"),
        (status = 404, description = "`unknown-kind`"),
        (status = 429, description = BUSY),
        (status = 503, description = "`unavailable`: the store does not answer, or the list lags; or \
            `disk-full`: no room for the list. Safe to repeat after `retry-after` seconds"),
    ),
)]
pub(super) async fn list(
    State(desk): State<FrontDesk>,
    Path(kind): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Listed>, ProblemDocument> {
    let ListQuery { search, refers_to, sort, after, limit } = query;
    let service = desk.kinds().accepting_commands(&kind)?;
    let sort = sort
        .map(|text| service.sort(&text))
        .transpose()
        .map_err(|unknown| problems::malformed("", format!("in the query, sort: {unknown}")))?;
    let request = ListRequest { search, refers_to, sort, after, limit };
    let page = desk.list(&kind, request).await?;
    let rows = page.rows.into_iter().map(flat).collect::<Result<_, _>>();
    Ok(Json(Listed { rows: rows.map_err(|error| problems::defect(&error))?, next: page.next }))
}

/// Returns the row as one object, with the fields of the state between its own. The state's text is
/// copied, because decoding it into a map would lose the order of its fields.
fn flat(row: ListRow) -> serde_json::Result<Box<RawValue>> {
    let Row { id, version, state, created_at, updated_at } = row;
    let fields = state.text().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let fields = fields.unwrap_or_default();
    RawValue::from_string(format!(
        r#"{{"id":"{id}","version":{version},{fields},"created_at":"{created_at}","updated_at":"{updated_at}"}}"#
    ))
}

/// One aggregate, now or as of a version.
#[utoipa::path(
    get,
    path = "/api/v1/aggregates/{kind}/{id}",
    tag = "aggregates",
    params(AggregatePath, AsOf),
    responses(
        (status = 200, description = "The state", body = AggregateState),
        (status = 400, description = "`malformed`: says where"),
        (status = 404, description = "`unknown-kind`, `unknown-aggregate` or `unknown-version`"),
        (status = 429, description = BUSY),
        (status = 500, description = CORRUPT),
        (status = 503, description = "`unavailable`: the store does not answer; or `newer-version`: a \
            newer Daybook wrote this history. Safe to repeat after `retry-after` seconds"),
    ),
)]
pub(super) async fn get(
    State(desk): State<FrontDesk>,
    AggregatePath { kind, id }: AggregatePath,
    Query(AsOf { version }): Query<AsOf>,
) -> Result<Json<AggregateState>, ProblemDocument> {
    let state = desk.kinds().named(&kind)?.state(id, version.map(NonZeroU64::get)).await?;
    Ok(Json(state))
}
