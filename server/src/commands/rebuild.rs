//! The `daybook rebuild` command: discards the read model and builds it again.

use read_model::ReadModel;

use crate::Failure;
use crate::config::Settings;
use crate::desk::{Lists, Start};
use crate::open::{DataDirectory, OpenError, OpenStore};

/// Moves the read model aside and builds it again from the change sets.
///
/// # Errors
/// The reason why the rebuild failed or is incomplete.
pub async fn rebuild(settings: &Settings) -> Result<(), Failure> {
    let directory = DataDirectory::of_existing(settings)?;
    let open = OpenStore::of_existing(settings, &directory).await?;
    let model = ReadModel::recreate(directory.read_model()).await.map_err(OpenError::from)?;
    model.take_up_sealed(&open.identity, &open.seal).await.map_err(OpenError::from)?;
    let lists = Lists::new(model, open.feed(), Start::Unknown);
    let caught_up = lists.catch_up().await;
    let stuck = lists.stuck();
    lists.finish().await;
    let seal = open.close().await;
    lists.close(&seal).await;
    caught_up?;
    if stuck > 0 { Err(Failure::Stuck(stuck)) } else { Ok(()) }
}
