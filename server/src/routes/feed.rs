//! `/api/v1/feed` and `/api/v1/feed/live`

use api::wire;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use event_store::feed::{Entry, Position};
use futures::stream;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::desk::FrontDesk;
use crate::http::parts::{self, Part};
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::live::Live;
use crate::openapi::BUSY;
use crate::problems;

const LIMIT: usize = 1000;
const DEFAULT_LIMIT: usize = 100;
/// The number of entries that are read at once.
const PART: usize = 200;
const LAST_EVENT_ID: &str = "last-event-id";

/// The selection of a page of the feed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedQuery {
    /// The last position already seen; 0 for none.
    #[param(value_type = Option<u64>, nullable = false, default = 0)]
    after: Option<String>,
    /// The maximum number of entries.
    #[param(value_type = Option<usize>, nullable = false, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
}

/// The start of a stream.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LiveQuery {
    /// The last position already seen, 0 for none; the current end of the feed when left out. The
    /// header `last-event-id` takes precedence.
    #[param(value_type = Option<u64>, nullable = false)]
    after: Option<String>,
}

/// A page of the feed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of what `parts::page` writes")]
struct FeedPage {
    /// The entries, ascending.
    entries: Vec<wire::FeedEntry>,
    /// The value of `after` for the next request.
    #[schema(value_type = u64)]
    next: Position,
}

/// A page of the feed: all change sets of all aggregates, each aggregate's in version order.
///
/// Positions start at 1, have no holes and never change. The page includes what this server
/// acknowledged before the request; what other servers of the same store acknowledged follows when
/// they have put it into the feed, as a rule within a second. A page without entries is the end for
/// now; the same `after` returns what has come since.
#[utoipa::path(
    get,
    path = "/api/v1/feed",
    tag = "feed",
    params(FeedQuery),
    responses(
        (status = 200, description = "A page", body = FeedPage),
        (status = 400, description = "`malformed`: says where; also of a position beyond the feed"),
        (status = 429, description = BUSY),
        (status = 500, description = "`corrupt`: what is stored at `position`, the very next, is not \
            what was written"),
        (status = 503, description = "`unavailable`: the store does not answer, or the feed lags behind \
            what this server acknowledged; safe to repeat after `retry-after` seconds"),
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
        // An unreadable entry comes first on the next page, which reports it.
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

/// The live feed, as server-sent events.
///
/// Each entry is an event `change-set`, whose `id` is its position and whose `data` is the entry as
/// `/api/v1/feed` gives it. The stream begins after `last-event-id`, else after `after`, else at
/// the current end of the feed; it sends the `id` of that position first. While the store is
/// unavailable, the stream waits. While the feed does not grow, a comment is sent every 15 seconds.
/// A stream ends with an event whose `data` is a problem document: `stopping` when the server
/// stops, `dropped` when events have waited for the consumer for 30 seconds, `problem` when an
/// entry cannot be read, or when the position turns out to be beyond the feed, which cannot be
/// determined at once while the store is unavailable. The first two give, as `position`, the last
/// position that was sent, from which a new request resumes; the last has a `retry` of a minute.
#[utoipa::path(
    get,
    path = "/api/v1/feed/live",
    tag = "feed",
    params(
        LiveQuery,
        ("last-event-id" = Option<u64>, Header, nullable = false,
            description = "The last position already seen, as browsers send it when they reconnect"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 400, description = "`malformed`: says where; also of a position beyond the feed"),
        (status = 429, description = "`busy`: as many consumers as this server takes are connected; \
            safe to repeat after `retry-after` seconds"),
        (status = 503, description = "`unavailable`: the start of the stream cannot be determined yet; \
            safe to repeat after `retry-after` seconds"),
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
