use super::json::Json;
use leptos::prelude::*;

use crate::problem::Problem;
use crate::views::SampleProgress;

/// Starts loading the sample company, or says how far it is.
///
/// # Errors
/// When there are items that are not the sample's.
#[server(prefix = "/ui", endpoint = "load-sample", input = Json, output = Json)]
pub async fn load_sample() -> Result<SampleProgress, Problem> {
    use super::host::{answer, desk};

    let desk = answer(desk())?;
    answer(desk.load_sample().await)
}

/// How far the sample company is.
///
/// # Errors
/// When the store is away.
#[server(name = SampleProgressCall, prefix = "/ui", endpoint = "sample-progress", input = Json, output = Json)]
pub async fn sample_progress() -> Result<SampleProgress, Problem> {
    super::host::desk()?.sample_progress().await
}
