//! What the process says about itself: log lines on standard error, metrics on request.

pub mod metrics;

use std::io::{self, IsTerminal};
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::config::{Command, LogFormat};

/// Sends log lines to standard error from here on. `RUST_LOG` says which; unless it does, a server tells
/// of each command, and what runs to its end of how far it is.
pub fn log(format: LogFormat, command: &Command) {
    let told = match command {
        Command::Serve => "warn,server=info,event_store=info,read_model=info",
        Command::Sample => "warn,server=info,server::desk=warn",
        Command::Rebuild => "warn,server=info,read_model=info",
        Command::Verify { .. }
        | Command::Export { .. }
        | Command::Import { .. }
        | Command::Sweep { .. } => "warn,server=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| told.into());
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Somebody who has set one before, a test for one, keeps it.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!(panic = message, place, "a defect: this panicked");
    }));
}
