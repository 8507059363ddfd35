use std::collections::HashMap;

use event_store::{AggregateId, Version};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::database::{Db, DbConnection, push_ids};

/// The checkpoints of these aggregates, as far as they have one.
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

/// All of them.
pub(crate) async fn all(
    connection: &mut DbConnection,
) -> sqlx::Result<HashMap<AggregateId, Version>> {
    let found: Vec<(String, Uuid, i64)> =
        sqlx::query_as("SELECT kind, id, version FROM checkpoints").fetch_all(connection).await?;
    let named = |(kind, id, version): (String, _, i64)| {
        (AggregateId::new(kind, id), version.cast_unsigned())
    };
    Ok(found.into_iter().map(named).collect())
}

/// Moves checkpoints on.
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

/// Forgets one.
pub(crate) async fn delete(
    connection: &mut DbConnection,
    aggregate: &AggregateId,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM checkpoints WHERE kind = ? AND id = ?")
        .bind(&*aggregate.kind)
        .bind(aggregate.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets all.
pub(crate) async fn delete_all(connection: &mut DbConnection) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM checkpoints").execute(connection).await?;
    Ok(())
}
