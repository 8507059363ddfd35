//! What the process says about itself: log lines on standard error, metrics on request, spans to a
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

/// What is told, as long as this is kept.
#[derive(Debug)]
#[must_use = "what has not been handed over at the end is lost"]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    exporter: otel::Exporter,
}

/// Tells from here on. Log lines go to standard error; `RUST_LOG` says which, and unless it does, a server
/// tells of each command, and what runs to its end of how far it is. Spans go to the collector that the
/// environment names, where this is built with the feature `otel`.
pub fn start(format: LogFormat, command: &Command) -> Telemetry {
    let told = match command {
        Command::Serve => "warn,server=info,event_store=info,read_model=info",
        Command::Sample => "warn,server=info,server::desk=warn",
        // What others have to say of it is in its findings.
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
    // Somebody who has set one before, a test for one, keeps it.
    let _ = registry.try_init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!(panic = message, place, "a defect: this panicked");
    }));
    #[cfg(feature = "otel")]
    if let Err(error) = &telemetry.exporter {
        tracing::warn!(error, "no spans are exported");
    }
    telemetry
}

impl Telemetry {
    /// Hands over what has not been yet. Waits for the collector, but not for long.
    pub fn finish(self) {
        #[cfg(feature = "otel")]
        if let Ok(Some(exporter)) = self.exporter
            && let Err(error) = exporter.shutdown()
        {
            tracing::warn!(%error, "the collector did not take the last spans");
        }
    }
}
