use event_store::Hash;
use event_store::feed::Position;

use crate::database::DbConnection;
use crate::projections::Projections;
use crate::{Error, ReadModel, checkpoints, lagging, rows};

/// The state in which the previous process left the read model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastStop {
    /// The process had applied everything that it committed. Nothing is left to catch up on, unless
    /// another process writes to the store.
    Clean,
    /// The process was interrupted, or had not caught up itself.
    Unclean,
    /// No previous process counts, and the read model is now empty. It is new, or its rows belonged
    /// to another store, to this store before it was replaced, or to another schema.
    Never,
}

impl ReadModel {
    /// Takes the read model into use for the store with this identity, a text that no other store
    /// has. Returns how it was left.
    ///
    /// From now on it counts as uncleanly stopped, even after a power cut.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn take_up(&self, identity: &str) -> Result<LastStop, Error> {
        self.take_up_sealed(identity, "").await
    }

    /// Takes the read model into use for a store in a file, like [`ReadModel::take_up`].
    ///
    /// The `seal` describes the store's file before anybody opened it. If it differs from that of
    /// [`ReadModel::close_sealed`], the file has been replaced by an older copy or another history.
    /// All rows are then deleted, because none is known to belong to it.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn take_up_sealed(&self, identity: &str, seal: &str) -> Result<LastStop, Error> {
        let lineage = lineage(self.projections, identity);
        let last_stop = self
            .database
            .durably(async |connection| {
                let last_stop = last_stop(connection, &lineage, seal).await?;
                if last_stop == LastStop::Never {
                    wipe(connection, self.projections).await?;
                }
                mark(connection, &lineage).await?;
                Ok(last_stop)
            })
            .await?;
        self.set_whole(last_stop == LastStop::Clean);
        tracing::info!(?last_stop, "the read model is open");
        Ok(last_stop)
    }

    /// Returns the position of the feed that the rows have reached, and the hash of the change set
    /// there.
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

    /// Deletes all rows, and records in the same transaction that the read model must catch up.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        self.set_whole(false);
        let mut transaction = self.database.begin_write().await?;
        wipe(&mut transaction, self.projections).await?;
        sqlx::query("UPDATE meta SET clean = FALSE").execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Returns the origin of the rows: the code that folded them, and the store.
fn lineage(projections: Projections, identity: &str) -> String {
    format!("{}; {identity}", projections.schemas())
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

/// Clears the mark of a clean stop. Rows of the same lineage keep their position.
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

/// Records that the rows show the feed up to this position, whose change set has this hash.
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

async fn wipe(connection: &mut DbConnection, projections: Projections) -> sqlx::Result<()> {
    checkpoints::delete_all(connection).await?;
    for projection in projections.iter() {
        rows::delete_all(connection, projection).await?;
    }
    lagging::delete_all(connection).await?;
    sqlx::query("UPDATE meta SET position = 0, position_hash = ''").execute(connection).await?;
    Ok(())
}
