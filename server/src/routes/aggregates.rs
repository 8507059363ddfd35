//! `/api/v1/aggregates/{kind}` and `/api/v1/aggregates/{kind}/{id}`

use std::num::NonZeroU64;

use api::Desk;
use api::wire::AggregateState;
use axum::Json;
use axum::extract::{Path, State};
use domain::inventory_item::{InventoryItemRow, ItemSort, ListItems};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::desk::FrontDesk;
use crate::http::ids::AggregatePath;
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::openapi::schemas;

/// The selection of a page of the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Words that SKU or name must contain, in any case and any order.
    #[serde(default)]
    search: String,
    /// The order: `sku`, `name`, `on_hand`, `max_quantity`, `reorder_level` or `updated_at`, with
    /// `-` before it for descending.
    #[serde(default)]
    #[param(value_type = String, required = false, default = "name")]
    sort: ItemSort,
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
    #[schema(value_type = Vec<schemas::InventoryItemRow>)]
    rows: Vec<InventoryItemRow>,
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
        (status = 400, description = "`malformed`: says where", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`unknown-kind`", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "`busy`: its turn did not come, or there is no room for the answer; safe to repeat after `retry-after` seconds",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store does not answer, or the list lags; or `disk-full`: no room for the list. Safe to repeat after `retry-after` seconds", body = schemas::Problem,
            content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(desk): State<FrontDesk>,
    Path(kind): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Listed>, ProblemDocument> {
    desk.kinds().accepting_commands(&kind)?;
    let ListQuery { search, sort, after, limit } = query;
    let list = ListItems { search, sort, after, limit };
    let page = desk.list_items(list).await?;
    Ok(Json(Listed { rows: page.rows, next: page.next }))
}

/// One aggregate, now or as of a version.
#[utoipa::path(
    get,
    path = "/api/v1/aggregates/{kind}/{id}",
    tag = "aggregates",
    params(schemas::AggregatePath, AsOf),
    responses(
        (status = 200, description = "The state", body = schemas::AggregateState),
        (status = 400, description = "`malformed`: says where", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`unknown-kind`, `unknown-aggregate` or `unknown-version`", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "`busy`: its turn did not come, or there is no room for the answer; safe to repeat after `retry-after` seconds",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 500, description = "`corrupt`: what is stored is not what was written", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store does not answer; or `newer-version`: a newer Daybook wrote this history. Safe to repeat after `retry-after` seconds", body = schemas::Problem,
            content_type = "application/problem+json"),
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
