//! The commands of the command line, one file a verb.

pub mod doctor;
pub mod export;
pub mod import;
pub mod rebuild;
pub mod reconcile;
pub mod sample;
pub mod serve;
pub mod sweep;
pub mod verify;

use std::path::Path;

use crate::Failure;
use crate::config::{Cli, Command};
use crate::site::Site;

/// Runs the command until it is done or told to stop. `site` finds the files that the server serves
/// to browsers.
///
/// # Errors
/// The reason why the command did not complete.
pub fn run(cli: Cli, site: Site) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(carry_out(cli, site))
}

async fn carry_out(cli: Cli, site: Site) -> Result<(), Failure> {
    let Cli { command, settings } = cli;
    match command.unwrap_or_default() {
        Command::Serve => serve::serve(&settings, site).await,
        Command::Rebuild => rebuild::rebuild(&settings).await,
        Command::Reconcile => reconcile::reconcile(&settings).await,
        Command::Sample => sample::sample(&settings).await,
        Command::Doctor => doctor::doctor(&settings).await,
        Command::Verify { afresh, root } => verify::verify(&settings, afresh, root).await,
        Command::Export { file, resume } => {
            export::export(&settings, file.as_deref().filter(is_file), resume).await
        }
        Command::Sweep { grace, dry_run } => sweep::sweep(&settings, grace, dry_run).await,
        Command::Import { file, trust } => {
            import::import(&settings, Some(&*file).filter(is_file), trust).await
        }
    }
}

/// Returns whether the path names a file. `-` stands for standard input or output.
fn is_file(path: &&Path) -> bool {
    *path != Path::new("-")
}
