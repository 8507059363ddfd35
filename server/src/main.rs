//! The program `daybook`.

// The type of a page is as deep as its view.
#![recursion_limit = "512"]

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use rust_embed::Embed;
use server::config::{Cli, Command};
use server::telemetry;

/// What `make site` has assembled. A release build has it inside; a debug build reads it from disk, so that it
/// compiles without, and shows a new site without being built anew.
#[derive(Embed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The hash of the site, which `make build` sets: rustc embeds it anew when this changes. A build script could see
/// to that as well, but would have the library compiled again.
const _: Option<&str> = option_env!("DAYBOOK_SITE");

fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.as_ref().unwrap_or(&Command::Serve);
    let telemetry = telemetry::start(cli.settings.log, command);
    let ran = server::run(cli, Site::get);
    telemetry.finish();
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When standard error is gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "daybook: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
