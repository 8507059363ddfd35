//! Spans to an OpenTelemetry collector, by OTLP over HTTP. The standard variables configure the
//! endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`), its headers and
//! timeout, the service's name and attributes, the batches and the sampling. Without an endpoint
//! nothing is exported.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

const SERVICE: &str = "daybook";
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// The provider to flush at the end, or the reason why a requested export is impossible.
pub(super) type Exporter = Result<Option<SdkTracerProvider>, String>;

/// Creates an exporter to the collector that the environment names. It sends its requests on a
/// thread of its own.
pub(super) fn exporter() -> Exporter {
    if !ENDPOINTS.iter().any(|name| std::env::var_os(name).is_some_and(|url| !url.is_empty())) {
        return Ok(None);
    }
    let exporter =
        SpanExporter::builder().with_http().build().map_err(|error| error.to_string())?;
    let resource = Resource::builder();
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => resource,
        None => resource.with_service_name(SERVICE),
    };
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build();
    Ok(Some(provider))
}

/// Exports the spans of this program's own crates, whatever the log filter says.
pub(super) fn layer<S>(exporter: &Exporter) -> Option<impl Layer<S> + use<S>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let provider = exporter.as_ref().ok()?.as_ref()?;
    let own = ["event_store", "read_model", "server"].map(|target| (target, LevelFilter::DEBUG));
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(SERVICE));
    Some(layer.with_filter(own.into_iter().collect::<Targets>()))
}
