//! `daybook sample`: loads the sample company.

use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use api::SampleProgress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::config::Settings;
use crate::desk::FrontDesk;
use crate::open::{DataDirectory, OpenDesk};
use crate::sample::SampleCompany;
use crate::stop::Stop;

/// The interval between two updates of the progress on a terminal.
const REDRAW_EVERY: Duration = Duration::from_millis(100);
/// The interval between two log lines about the progress.
const LOG_EVERY: Duration = Duration::from_secs(2);

/// Loads the sample company into the store that the settings name.
///
/// # Errors
/// The reason why it failed.
pub async fn sample(settings: &Settings) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::open(&settings.data)?;
    let open = OpenDesk::open(settings, directory).await?;
    let sample = SampleCompany::default();
    let loaded = load(&sample, &open.desk, stop).await;
    open.close().await;
    loaded?;
    let total = sample.progress().total;
    writeln!(
        io::stdout(),
        "The sample company is loaded: {total} change sets. Start `daybook` to see it."
    )?;
    Ok(())
}

async fn load(sample: &SampleCompany, desk: &FrontDesk, stop: Stop) -> Result<(), Failure> {
    let bar = io::stderr().is_terminal().then(|| bar(sample.progress().total));
    let load = async {
        desk.lists().catch_up().await.map_err(|error| error.to_string())?;
        sample.load(desk).await.map_err(|problem| problem.detail.clone())
    };
    let loaded = tokio::select! {
        loaded = load => loaded,
        never = tell(sample, bar.as_ref()) => match never {},
        () = stop.requested() => {
            let SampleProgress { done, total, .. } = sample.progress();
            Err(format!("interrupted after {done} of {total}; run the same command again to resume"))
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    loaded.map_err(Failure::Sample)
}

/// Reports the progress for as long as this is polled.
async fn tell(sample: &SampleCompany, bar: Option<&ProgressBar>) -> Infallible {
    loop {
        tokio::time::sleep(if bar.is_some() { REDRAW_EVERY } else { LOG_EVERY }).await;
        let SampleProgress { done, total, .. } = sample.progress();
        match bar {
            Some(bar) => bar.set_position(done),
            None => tracing::info!(done, total, "the sample company is being loaded"),
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} change sets, {eta} left");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
