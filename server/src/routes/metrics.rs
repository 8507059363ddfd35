//! `/metrics`

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::desk::FrontDesk;
use crate::live::Live;
use crate::telemetry;

/// Figures for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "In Prometheus's text format", content_type = "text/plain")),
)]
pub(super) async fn get(
    State(desk): State<FrontDesk>,
    State(live): State<Live>,
    State(metrics): State<PrometheusHandle>,
) -> impl IntoResponse {
    let feed = desk.lists().feed();
    let newest = feed.head().unwrap_or_default().position;
    telemetry::metrics::feed(newest, feed.stuck(), feed.oldest_waiting());
    telemetry::metrics::feed_consumers(*live.consumers().borrow());
    telemetry::metrics::read_model_lag(desk.lists().lag().await);
    telemetry::metrics::ahead_of_clock(desk.ahead_of_clock().await.ok());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render())
}
