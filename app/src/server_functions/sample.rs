use api::{Json, Problem, SampleProgress};
use leptos::prelude::*;

/// Starts loading the sample company, or returns the progress.
///
/// # Errors
/// The problem, if other items exist.
#[server(prefix = "/ui", endpoint = "load-sample", input = Json, output = Json)]
pub async fn load_sample() -> Result<SampleProgress, Problem> {
    use super::host::{answer, desk};

    let desk = answer(desk())?;
    answer(desk.load_sample().await)
}

/// Returns the progress of loading the sample company.
///
/// # Errors
/// The problem, if the store is unavailable.
#[server(name = SampleProgressCall, prefix = "/ui", endpoint = "sample-progress", input = Json, output = Json)]
pub async fn sample_progress() -> Result<SampleProgress, Problem> {
    super::host::desk()?.sample_progress().await
}
