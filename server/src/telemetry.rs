//! The telemetry of the process: log lines on standard error, metrics on request, spans to a
//! collector.

mod lines;
pub mod metrics;
#[cfg(feature = "otel")]
mod otel;

use std::io::{self, IsTerminal};
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::config::{Command, LogFormat};
use lines::Lines;

/// The running telemetry. [`Telemetry::finish`] exports the last spans.
#[derive(Debug)]
#[must_use = "what has not been handed over at the end is lost"]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    exporter: otel::Exporter,
}

/// Starts the telemetry. Log lines go to standard error, selected by `RUST_LOG`. Without that
/// variable, a server logs each command, and a command that runs to its end logs its progress.
/// Spans go to the collector that the environment names, where this is built with the feature
/// `otel`.
pub fn start(format: LogFormat, command: &Command) -> Telemetry {
    let told = match command {
        Command::Serve => "warn,server=info,event_store=info,read_model=info",
        Command::Sample => "warn,server=info,server::desk=warn",
        // Its findings contain whatever other modules would log.
        Command::Doctor => "error",
        Command::Rebuild => "warn,server=info,read_model=info",
        Command::Reconcile => "warn,server=info,event_store=info",
        Command::Verify { .. }
        | Command::Export { .. }
        | Command::Import { .. }
        | Command::Sweep { .. } => "warn,server=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| told.into());
    let lines = fmt::layer().with_writer(Lines(format)).with_ansi(io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let registry = tracing_subscriber::registry().with(lines.with_filter(filter));
    let telemetry = Telemetry {
        #[cfg(feature = "otel")]
        exporter: otel::exporter(),
    };
    #[cfg(feature = "otel")]
    let registry = registry.with(otel::layer(&telemetry.exporter));
    // A subscriber that is set already, as by a test, remains.
    let _ = registry.try_init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!(panic = message, place, "a bug: the program panicked");
    }));
    #[cfg(feature = "otel")]
    if let Err(error) = &telemetry.exporter {
        tracing::warn!(error, "no spans are exported");
    }
    telemetry
}

impl Telemetry {
    /// Exports the remaining spans. Waits for the collector, but not for long.
    pub fn finish(self) {
        #[cfg(feature = "otel")]
        if let Ok(Some(exporter)) = self.exporter
            && let Err(error) = exporter.shutdown()
        {
            tracing::warn!(%error, "the collector did not take the last spans");
        }
    }
}
