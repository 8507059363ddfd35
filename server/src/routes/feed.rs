//! `/api/v1/feed` and `/api/v1/feed/live`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use event_store::feed::{Entry, Position};
use event_store::wire;
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::desk::FrontDesk;
use crate::http::parts::{self, Part};
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::live::Live;
use crate::openapi::schemas;
use crate::problems;

const LIMIT: usize = 1000;
const DEFAULT_LIMIT: usize = 100;
/// The entries that are read at once.
const PART: usize = 200;
const LAST_EVENT_ID: &str = "last-event-id";

/// Which page of the feed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedQuery {
    /// The last position already seen; 0 for none.
    #[param(value_type = Option<u64>, nullable = false, default = 0)]
    after: Option<String>,
    /// How many entries at most.
    #[param(value_type = Option<usize>, nullable = false, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
}

/// Where to begin.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LiveQuery {
    /// The last position already seen, 0 for none; where the feed ends now, when left out. It does not
    /// count beside the header `last-event-id`.
    #[param(value_type = Option<u64>, nullable = false)]
    after: Option<String>,
}

/// A page of the feed: all change sets of all aggregates, each aggregate's in the order of its versions.
///
/// Positions start at 1, have no holes and stay as they are. What this server acknowledged before the
/// request is there; what other servers of the same store acknowledged comes when they have put it into the
/// feed, as a rule within a second. A page without entries is the end for now; the same `after` gives what has
/// come since.
#[utoipa::path(
    get,
    path = "/api/v1/feed",
    tag = "feed",
    params(FeedQuery),
    responses(
        (status = 200, description = "A page", body = schemas::FeedPage),
        (status = 400, description = "`malformed`: says where; also of a position beyond the feed",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 429, description = "`busy`: its turn did not come, or there is no room for the answer; safe to repeat after `retry-after` seconds",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 500, description = "`corrupt`: what is stored at `position`, the very next, is not what was written",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store is away, or the feed behind what this server acknowledged; safe to repeat after `retry-after` seconds",
            body = schemas::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(desk): State<FrontDesk>,
    Query(FeedQuery { after, limit }): Query<FeedQuery>,
) -> Result<Response, ProblemDocument> {
    let limit = limit.map_or(Ok(DEFAULT_LIMIT), |text| {
        let limit = text.parse().ok().filter(|limit| (1..=LIMIT).contains(limit));
        let expected = format!("expected a whole number from 1 to {LIMIT}");
        limit.ok_or_else(|| problems::malformed("limit", format!("`{text}`; {expected}")))
    })?;
    let after = match after {
        Some(text) => desk.feed_position("after", &text).await?,
        None => 0,
    };
    let first = desk.feed_entries("after", after, limit.min(PART)).await?;
    let left = limit - first.len();
    let is_whole = left == 0 || first.len() < PART;
    let first = part(after, &first);
    let after = first.next;
    let rest = stream::unfold((desk, after, left), |(desk, after, left)| async move {
        // An entry that cannot be read is the first of the next page, which says so.
        let entries = desk.lists().feed().entries(after, left.min(PART)).await.ok();
        let entries = entries.filter(|entries| !entries.is_empty())?;
        let part = part(after, &entries);
        let next = (desk, part.next, left - entries.len());
        Some((part, next))
    });
    Ok(parts::page("entries", first, (!is_whole).then_some(rest))?)
}

fn part(after: Position, entries: &[Entry]) -> Part<wire::FeedEntry, Position> {
    let next = entries.last().map_or(after, |last| last.position);
    Part { items: entries.iter().map(wire::FeedEntry::from).collect(), next }
}

/// The feed as it happens, as server-sent events.
///
/// Each entry is an event `change-set`, whose `id` is its position and whose `data` is the entry as
/// `/api/v1/feed` gives it. The first is the one after `last-event-id`, else after `after`, else the first
/// to come; before it, the `id` of where it begins is told. While the store is away the stream waits. Where
/// nothing is to be told a comment goes out every 15 seconds. A stream ends with an event
/// whose `data` is a problem document: `stopping` when the server stops, `dropped` when the consumer has
/// left events waiting for 30 seconds, `problem` when an entry cannot be read, or the position turns out to be
/// beyond the feed, which cannot be told at once while the store is away. The first two give, as
/// `position`, what was told last, from where a new request goes on; the last has a `retry` of a minute.
#[utoipa::path(
    get,
    path = "/api/v1/feed/live",
    tag = "feed",
    params(
        LiveQuery,
        ("last-event-id" = Option<u64>, Header, nullable = false,
            description = "The last position already seen, as browsers say it when they connect again"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 400, description = "`malformed`: says where; also of a position beyond the feed",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 429, description = "`busy`: as many consumers as this server takes are connected; safe to repeat after `retry-after` seconds",
            body = schemas::Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: where it begins cannot be told yet; safe to repeat after `retry-after` seconds",
            body = schemas::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn live(
    State(desk): State<FrontDesk>,
    State(live): State<Live>,
    headers: HeaderMap,
    Query(LiveQuery { after }): Query<LiveQuery>,
) -> Result<impl IntoResponse, ProblemDocument> {
    let after = match (headers.get(LAST_EVENT_ID), after) {
        (Some(last), _) => {
            let text = String::from_utf8_lossy(last.as_bytes());
            desk.feed_start(LAST_EVENT_ID, &text).await?
        }
        (None, Some(text)) => desk.feed_start("after", &text).await?,
        (None, None) => desk.feed_end().await?,
    };
    Ok(live.follow(desk.lists().feed(), after)?)
}
