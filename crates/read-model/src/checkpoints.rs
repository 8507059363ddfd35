use std::collections::HashMap;

use event_store::Version;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::database::{Db, DbConnection, push_ids};

/// Returns the checkpoints of those aggregates that have one.
pub(crate) async fn of(
    connection: &mut DbConnection,
    kind: &str,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, Version>> {
    let mut query = QueryBuilder::<Db>::new("SELECT id, version FROM checkpoints WHERE kind = ");
    query.push_bind(kind).push(" AND id IN ");
    push_ids(&mut query, ids);
    let found: Vec<(Uuid, i64)> = query.build_query_as().fetch_all(connection).await?;
    Ok(found.into_iter().map(|(id, version)| (id, version.cast_unsigned())).collect())
}

/// Saves new checkpoints.
pub(crate) async fn save(
    connection: &mut DbConnection,
    kind: &str,
    versions: &[(Uuid, Version)],
) -> sqlx::Result<()> {
    if versions.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Db>::new("REPLACE INTO checkpoints (kind, id, version) ");
    query.push_values(versions, |mut row, (id, version)| {
        row.push_bind(kind).push_bind(*id).push_bind(version.cast_signed());
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// Deletes all checkpoints.
pub(crate) async fn delete_all(connection: &mut DbConnection) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM checkpoints").execute(connection).await?;
    Ok(())
}
