use domain::InventoryItem;
use event_store::feed::Position;
use event_store::{Aggregate, Hash};

use crate::database::DbConnection;
use crate::{Error, ReadModel, behind, checkpoints, items};

/// How the process before left the read model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastStop {
    /// It had applied all that it had committed. If nobody else writes to the store, there is nothing
    /// to catch up with.
    Clean,
    /// It was stopped in the middle, or had not caught up itself.
    Unclean,
    /// There was none: the read model is new, or it was of another store, or of this one before it was
    /// replaced, or rows had another shape. It is empty now.
    Never,
}

impl ReadModel {
    /// Takes the read model up for the store of this identity (a text that no other store has), and
    /// says how it was left. From now on, and durably, it counts as not cleanly stopped.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn take_up(&self, identity: &str) -> Result<LastStop, Error> {
        self.take_up_sealed(identity, "").await
    }

    /// The same for a store in a file, of which `seal` says what it was before anybody opened it. What
    /// is not as [`ReadModel::close_sealed`] was told has been replaced while nobody looked, by an older
    /// copy or another history, and no row is known to be of it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn take_up_sealed(&self, identity: &str, seal: &str) -> Result<LastStop, Error> {
        let lineage = lineage(identity);
        let last_stop = self
            .database
            .durably(async |connection| {
                let last_stop = last_stop(connection, &lineage, seal).await?;
                if last_stop == LastStop::Never {
                    wipe(connection).await?;
                }
                mark(connection, &lineage).await?;
                Ok(last_stop)
            })
            .await?;
        self.set_whole(last_stop == LastStop::Clean);
        tracing::info!(?last_stop, "the read model is open");
        Ok(last_stop)
    }

    /// Up to which position of the feed all is in the rows, and the hash of the change set there.
    pub(crate) async fn position(&self) -> Result<(Position, String), Error> {
        let query = sqlx::query_as("SELECT position, position_hash FROM meta");
        let found: Option<(i64, String)> = query.fetch_optional(self.database.readers()).await?;
        let (position, hash) = found.unwrap_or_default();
        Ok((position.cast_unsigned(), hash))
    }

    pub(crate) async fn mark_clean(&self, seal: &str) -> Result<(), Error> {
        let mut transaction = self.database.begin_write().await?;
        sqlx::query("UPDATE meta SET clean = TRUE, seal = ?")
            .bind(seal)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Drops all rows. One transaction also says that there is everything to catch up with.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        self.set_whole(false);
        let mut transaction = self.database.begin_write().await?;
        wipe(&mut transaction).await?;
        sqlx::query("UPDATE meta SET clean = FALSE").execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Rows are only as good as the code that folded them, so their shape is part of whose they are.
fn lineage(identity: &str) -> String {
    format!("{} {}; {identity}", InventoryItem::KIND, InventoryItem::STATE_SCHEMA)
}

async fn last_stop(
    connection: &mut DbConnection,
    lineage: &str,
    seal: &str,
) -> sqlx::Result<LastStop> {
    let meta: Option<(String, bool, String)> =
        sqlx::query_as("SELECT lineage, clean, seal FROM meta").fetch_optional(connection).await?;
    Ok(match meta {
        Some((ours, false, _)) if ours == lineage => LastStop::Unclean,
        Some((ours, true, sealed)) if ours == lineage && sealed == seal => LastStop::Clean,
        _ => LastStop::Never,
    })
}

/// What was there stays as it was left, but for the clean stop.
async fn mark(connection: &mut DbConnection, lineage: &str) -> sqlx::Result<()> {
    let marked = sqlx::query("UPDATE meta SET clean = FALSE WHERE lineage = ?")
        .bind(lineage)
        .execute(&mut *connection)
        .await?;
    if marked.rows_affected() == 0 {
        sqlx::query("REPLACE INTO meta (only_row, lineage, clean) VALUES (1, ?, FALSE)")
            .bind(lineage)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Notes that the rows show the feed up to this position, where this change set stands.
pub(crate) async fn move_on(
    connection: &mut DbConnection,
    position: Position,
    hash: Hash,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE meta SET position = ?, position_hash = ?")
        .bind(position.cast_signed())
        .bind(hash.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn wipe(connection: &mut DbConnection) -> sqlx::Result<()> {
    checkpoints::delete_all(connection).await?;
    items::delete_all(connection).await?;
    behind::delete_all(connection).await?;
    sqlx::query("UPDATE meta SET position = 0, position_hash = ''").execute(connection).await?;
    Ok(())
}
