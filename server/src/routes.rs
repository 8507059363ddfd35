//! The HTTP interface, one file for each resource. Handlers are routed through their descriptions,
//! so that nothing is served that `/api/v1/openapi.json` does not name.

mod aggregates;
mod change_sets;
mod commands;
mod feed;
mod health;
mod metrics;
mod openapi;
mod verification;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use api::{Code, Problem};
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use axum::{Extension, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::FrontDesk;
use crate::http::problem::ProblemDocument;
use crate::http::queue::{Queue, wait_for_turn};
use crate::http::room::Room;
use crate::http::{Callers, Reach, guard};
use crate::live::Live;
use crate::openapi::{Description, refine};
use crate::pages;
use crate::site::Site;

/// The number of reads of lists, records, histories and the feed that are handled at once.
const READS: usize = 16;

/// The state that the handlers share.
#[derive(Clone, Debug, FromRef)]
pub struct Host {
    /// The desk.
    pub desk: FrontDesk,
    /// The consumers of the live feed.
    pub live: Live,
    /// The metrics that `/metrics` shows.
    pub metrics: PrometheusHandle,
    /// The names under which the server is reached.
    #[from_ref(skip)]
    pub reach: Reach,
    /// The source of the callers of all requests.
    #[from_ref(skip)]
    pub callers: Callers,
    /// Finds the files of the site.
    #[from_ref(skip)]
    pub site: Site,
}

/// Builds the router of everything that is served.
pub fn router(host: Host) -> Router {
    let screens = pages::router(Arc::new(host.desk.clone()), host.site);
    let (reach, callers) = (host.reach.clone(), host.callers.clone());
    let (data, mut description) = described().with_state(host).split_for_parts();
    refine(&mut description);
    let data = data
        .layer(Extension(Arc::new(description)))
        .route("/api", any(nothing))
        .route("/api/", any(nothing))
        .route("/api/{*rest}", any(nothing));
    guard::around_all(guard::around_data(data).merge(screens), reach, callers)
}

fn described() -> OpenApiRouter<Host> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(commands::post))
        .routes(routes!(commands::batch))
        .routes(routes!(feed::live))
        .merge(dear())
        .routes(routes!(openapi::get))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::get))
}

/// Returns the routes that are expensive enough to queue. A request keeps its turn until there is
/// room for its response.
fn dear() -> OpenApiRouter<Host> {
    let turns = |places| from_fn_with_state(Queue::new(places), wait_for_turn);
    let reads = OpenApiRouter::new()
        .routes(routes!(aggregates::list))
        .routes(routes!(aggregates::get))
        .routes(routes!(change_sets::get))
        .routes(routes!(feed::get))
        .layer(from_fn_with_state(Room::default(), Room::admit_reads))
        .layer(turns(READS));
    // Half of the cores verify; the other half serves people.
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let verifications =
        OpenApiRouter::new().routes(routes!(verification::get)).layer(turns((cores / 2).max(1)));
    reads.merge(verifications)
}

async fn nothing() -> ProblemDocument {
    Problem::new(Code::NotFound, "no resource of this interface has this address").into()
}
