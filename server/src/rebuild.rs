//! `daybook rebuild`: the read model, thrown away and built again.

use crate::Failure;
use crate::config::Settings;
use crate::open::{DataDirectory, OpenError, OpenStore};
use read_model::{CaughtUp, ReadModel};

/// Moves the read model aside and builds it again from the change sets.
///
/// # Errors
/// Why it cannot, or not all of it.
pub async fn rebuild(settings: &Settings) -> Result<(), Failure> {
    let directory = DataDirectory::open(&settings.data)?;
    let open = OpenStore::open(settings, &directory).await?;
    let built = build(&open, &directory).await;
    let seal = open.close().await;
    let (model, CaughtUp { stuck, .. }) = built?;
    model.close_sealed(&seal).await;
    if stuck > 0 { Err(Failure::Stuck(stuck)) } else { Ok(()) }
}

async fn build(
    open: &OpenStore,
    directory: &DataDirectory,
) -> Result<(ReadModel, CaughtUp), OpenError> {
    let model = ReadModel::recreate(directory.read_model()).await?;
    model.take_up_sealed(&open.identity, &open.seal).await?;
    match model.rebuild(&open.store, |_| {}).await {
        Ok(caught_up) => Ok((model, caught_up)),
        Err(error) => {
            model.close().await;
            Err(error.into())
        }
    }
}
