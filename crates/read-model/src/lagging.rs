//! Aggregates whose rows lag the feed.
//!
//! The list is stored beside the rows, because only a newer program or a repaired store may be able
//! to provide the missing change sets.

use std::collections::BTreeSet;

use event_store::AggregateId;
use uuid::Uuid;

use crate::Error;
use crate::ReadModel;
use crate::database::DbConnection;

impl ReadModel {
    pub(crate) async fn behind(&self) -> Result<BTreeSet<AggregateId>, Error> {
        let query = sqlx::query_as("SELECT kind, id FROM behind");
        let found: Vec<(String, Uuid)> = query.fetch_all(self.database.readers()).await?;
        let aggregates = found.into_iter().map(|(kind, id)| {
            let kind = kind.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok(AggregateId::new(kind, id))
        });
        aggregates.collect()
    }

    pub(crate) async fn no_longer_behind(&self, aggregate: &AggregateId) -> Result<(), Error> {
        let mut transaction = self.database.begin_write().await?;
        sqlx::query("DELETE FROM behind WHERE kind = ? AND id = ?")
            .bind(&*aggregate.kind)
            .bind(aggregate.id)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

pub(crate) async fn note(
    connection: &mut DbConnection,
    aggregates: impl Iterator<Item = &AggregateId>,
) -> sqlx::Result<()> {
    for aggregate in aggregates {
        sqlx::query("REPLACE INTO behind (kind, id) VALUES (?, ?)")
            .bind(&*aggregate.kind)
            .bind(aggregate.id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn delete_all(connection: &mut DbConnection) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM behind").execute(connection).await?;
    Ok(())
}
