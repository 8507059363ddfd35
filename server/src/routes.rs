//! The HTTP interface, one file for each resource. Handlers are routed by what describes them, so that
//! nothing is served that `/api/v1/openapi.json` does not name.

mod aggregates;
mod change_sets;
mod commands;
mod feed;
mod health;
mod metrics;
mod openapi;
mod verification;

use std::sync::Arc;

use app::problem::{Code, Problem};
use axum::extract::FromRef;
use axum::routing::any;
use axum::{Extension, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::FrontDesk;
use crate::http::guard;
use crate::http::problem::ProblemDocument;
use crate::live::Live;
use crate::openapi::Description;
use crate::pages;
use crate::site::Site;

/// What the handlers share.
#[derive(Clone, Debug, FromRef)]
pub struct Host {
    /// The desk.
    pub desk: FrontDesk,
    /// Those who follow the feed.
    pub live: Live,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
    /// Finds the files of the site.
    #[from_ref(skip)]
    pub site: Site,
}

/// Everything that is served.
pub fn router(host: Host) -> Router {
    let screens = pages::router(Arc::new(host.desk.clone()), host.site);
    let (data, description) = described().with_state(host).split_for_parts();
    let data = data
        .layer(Extension(Arc::new(description)))
        .route("/api", any(nothing))
        .route("/api/", any(nothing))
        .route("/api/{*rest}", any(nothing));
    guard::around_all(guard::around_data(data).merge(screens))
}

fn described() -> OpenApiRouter<Host> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(commands::post))
        .routes(routes!(commands::batch))
        .routes(routes!(aggregates::list))
        .routes(routes!(aggregates::get))
        .routes(routes!(change_sets::get))
        .routes(routes!(verification::get))
        .routes(routes!(feed::get))
        .routes(routes!(feed::live))
        .routes(routes!(openapi::get))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::get))
}

async fn nothing() -> ProblemDocument {
    Problem::new(Code::NotFound, "no resource of this interface has this address").into()
}
