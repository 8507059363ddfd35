//! The program `daybook`.

// The type of a page is as deep as its view.
#![recursion_limit = "512"]

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use server::config::{Cli, Command};
use server::{Failure, telemetry};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.as_ref().unwrap_or(&Command::Serve);
    let telemetry = telemetry::start(cli.settings.log, command);
    let ran = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(server::run(cli)));
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
