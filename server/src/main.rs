//! The `daybook` program.

// The type of a page is as deep as its view.
#![recursion_limit = "512"]

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use rust_embed::Embed;
use rustix::fs::Mode;
use server::config::{Cli, Command};
use server::telemetry;

/// The site that `make site` assembles. A release build embeds it. A debug build reads it from
/// disk, so it compiles without a site and serves a new one without a rebuild.
#[derive(Embed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The checksum of the site, which the Makefile sets. When it changes, rustc embeds the site again.
/// A build script could do the same, but cargo would compile the library again as well.
const _: Option<&str> = option_env!("DAYBOOK_SITE");

fn main() -> ExitCode {
    // Every file that this process creates holds a company's records, SQLite's logs and exports
    // included.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
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
