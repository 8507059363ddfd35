use domain::folding::fold;
use domain::list::ListRequest;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use crate::cursor::{Cursor, Key};
use crate::database::{Db, DbRow};
use crate::projection::{ErasedRow, Order, Projection};
use crate::{Error, ListError, ReadModel};

/// The most rows in a page.
pub const LIST_LIMIT: u32 = 200;

/// The most words of a search that count, because SQLite limits the depth of an expression. No name
/// has that many.
const MOST_WORDS: usize = 200;

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The rows, in the requested order.
    pub rows: Vec<ErasedRow>,
    /// The [`ListRequest::after`] of the next page; `None` at the end.
    pub next: Option<String>,
    /// The total number of records that the search finds.
    pub total: u64,
}

impl ReadModel {
    /// Returns a page of the list of a kind.
    ///
    /// A search finds the records that contain each of its words in the texts that the kind's
    /// projection searches, both [folded](fold). Text is sorted as people expect: `9 mm` before
    /// `10 mm`, `Äpfel` beside `apple`.
    ///
    /// [`ListRequest::refers_to`] keeps the records that refer to another one. A kind whose records
    /// refer to none has no such record.
    ///
    /// Rows that are equal in the sorted column are ordered by id. Rows without a number in it come
    /// last in ascending and first in descending order.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn list(&self, kind: &str, list: &ListRequest) -> Result<Listed, ListError> {
        let projection =
            self.projections.of(kind).ok_or_else(|| ListError::Kind(kind.to_owned()))?;
        let order = projection.order(list.sort.as_ref())?;
        if !(1..=LIST_LIMIT).contains(&list.limit) {
            return Err(ListError::Limit(list.limit));
        }
        let after = list.after.as_deref();
        let after = after.map(|text| Cursor::decode(text, projection, &order)).transpose()?;
        let mut snapshot = self.database.begin_read().await?;
        let mut count = count_query(projection, list);
        let total: i64 = count.build_query_scalar().fetch_one(&mut *snapshot).await?;
        let mut page = page_query(projection, &order, list, after.as_ref());
        let mut found = page.build().fetch_all(&mut *snapshot).await?;
        drop(snapshot);
        let limit = list.limit as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|row| cursor_after(projection, &order, row)).transpose()?;
        Ok(Listed { rows: read(projection, &found)?, next, total: total.cast_unsigned() })
    }

    /// Returns the row of an aggregate; `None` if it has none.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn find(&self, kind: &str, id: Uuid) -> Result<Option<ErasedRow>, Error> {
        let Some(projection) = self.projections.of(kind) else { return Ok(None) };
        let mut query = projection.select();
        query.push(" WHERE id = ").push_bind(id);
        let found = query.build().fetch_optional(self.database.readers()).await?;
        Ok(found.map(|row| projection.read(&row)).transpose()?)
    }

    /// Returns the rows of a kind that changed last, newest first.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn recent(&self, kind: &str, limit: u32) -> Result<Vec<ErasedRow>, Error> {
        let Some(projection) = self.projections.of(kind) else { return Ok(Vec::new()) };
        let mut query = projection.select();
        query.push(" ORDER BY updated_at DESC, id DESC LIMIT ").push_bind(limit);
        let found = query.build().fetch_all(self.database.readers()).await?;
        Ok(read(projection, &found)?)
    }

    /// Returns the number of rows of a kind.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn count(&self, kind: &str) -> Result<u64, Error> {
        let Some(projection) = self.projections.of(kind) else { return Ok(0) };
        let mut query = count_query(projection, &ListRequest::default());
        let count: i64 = query.build_query_scalar().fetch_one(self.database.readers()).await?;
        Ok(count.cast_unsigned())
    }

    /// Returns whether no kind has rows.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn is_empty(&self) -> Result<bool, Error> {
        for projection in self.projections.iter() {
            let mut any =
                QueryBuilder::new(format!("SELECT 1 FROM {} LIMIT 1", projection.table()));
            if any.build().fetch_optional(self.database.readers()).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn read(projection: &dyn Projection, found: &[DbRow]) -> sqlx::Result<Vec<ErasedRow>> {
    found.iter().map(|row| projection.read(row)).collect()
}

/// Returns the cursor of the page after this row.
fn cursor_after(projection: &dyn Projection, order: &Order, row: &DbRow) -> sqlx::Result<String> {
    let (key, id) = (projection.key(row, order)?, row.try_get("id")?);
    let cursor = Cursor { sort: order.sort.clone(), key, id };
    cursor.encode().map_err(|error| sqlx::Error::Encode(error.into()))
}

fn count_query(projection: &dyn Projection, list: &ListRequest) -> QueryBuilder<Db> {
    let table = projection.table();
    let mut query = QueryBuilder::new(format!("SELECT count(*) FROM {table} WHERE TRUE"));
    push_filters(&mut query, projection, list);
    query
}

/// Selects one row more than the page holds, which shows whether another page follows.
fn page_query(
    projection: &dyn Projection,
    order: &Order,
    list: &ListRequest,
    after: Option<&Cursor>,
) -> QueryBuilder<Db> {
    let column = &order.key_column;
    let (direction, beyond) = if order.sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    let mut query = projection.select();
    query.push(" WHERE TRUE");
    push_filters(&mut query, projection, list);
    if let Some(Cursor { key, id, .. }) = after {
        query.push(format_args!(" AND ({column}, id) {beyond} ("));
        match key {
            Key::Number(number) => query.push_bind(*number),
            Key::Text(text) => query.push_bind(text.clone()),
        };
        query.push(", ").push_bind(*id).push(")");
    }
    query.push(format_args!(" ORDER BY {column} {direction}, id {direction} LIMIT "));
    query.push_bind(list.limit + 1);
    query
}

/// Uses `instr`, to which every character of a word is literal.
fn push_filters(query: &mut QueryBuilder<Db>, projection: &dyn Projection, list: &ListRequest) {
    for word in fold(&list.search).split_whitespace().take(MOST_WORDS) {
        query.push(" AND instr(words, ").push_bind(word.to_owned()).push(") > 0");
    }
    match (list.refers_to, projection.references()) {
        (None, _) => {}
        (Some(id), Some(column)) => {
            query
                .push(format_args!(" AND instr({column}, "))
                .push_bind(id.to_string())
                .push(") > 0");
        }
        (Some(_), None) => {
            query.push(" AND FALSE");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use domain::list::Sort;
    use domain::{InventoryItem, Location};
    use event_store::Aggregate;
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::projection::Stored;

    async fn plan_of(model: &ReadModel, query: &QueryBuilder<Db>) -> String {
        let explain = format!("EXPLAIN QUERY PLAN {}", query.sql().as_str());
        let plan = sqlx::query_as(AssertSqlSafe(explain)).fetch_all(model.database.readers());
        let plan: Vec<(i64, i64, i64, String)> = plan.await.unwrap();
        plan.into_iter().map(|step| step.3).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn every_page_in_every_order_uses_an_index() {
        let model = ReadModel::in_memory().await.unwrap();
        every_page_uses_an_index::<InventoryItem>(&model).await;
        every_page_uses_an_index::<Location>(&model).await;
    }

    async fn every_page_uses_an_index<K: Stored>(model: &ReadModel) {
        let (projection, table) = (model.projections.of(K::KIND).unwrap(), K::TABLE);
        for column in K::COLUMNS {
            for sort in [Sort::ascending(column.name), Sort::descending(column.name)] {
                let order = projection.order(Some(&sort)).unwrap();
                let index = format!("USING INDEX {table}_by_{}", column.name);
                let list = ListRequest { limit: 50, ..ListRequest::default() };
                let searching = ListRequest { search: "part".to_owned(), ..list.clone() };
                let referring = ListRequest { refers_to: Some(Uuid::nil()), ..list.clone() };
                for list in [searching, referring, list] {
                    let first = page_query(projection, &order, &list, None);
                    assert_eq!(
                        plan_of(model, &first).await,
                        format!("SCAN {table} {index}"),
                        "{list:?} by {sort}"
                    );
                    let text = order.is_text.then(|| Key::Text(Vec::new()));
                    let key = text.unwrap_or(Key::Number(0));
                    let after = Cursor { sort: sort.clone(), key, id: Uuid::nil() };
                    let second = page_query(projection, &order, &list, Some(&after));
                    let (key, beyond) =
                        (&order.key_column, if sort.descending { "<" } else { ">" });
                    assert_eq!(
                        plan_of(model, &second).await,
                        format!("SEARCH {table} {index} (({key},id){beyond}(?,?))"),
                        "{list:?} by {sort}"
                    );
                }
            }
        }
    }

    #[tokio::test]
    async fn counting_search_results_reads_no_rows() {
        let model = ReadModel::in_memory().await.unwrap();
        let projection = model.projections.of(InventoryItem::KIND).unwrap();
        let part = ListRequest { search: "part".to_owned(), ..ListRequest::default() };
        assert_eq!(
            plan_of(&model, &count_query(projection, &part)).await,
            "SCAN inventory_items USING COVERING INDEX inventory_items_by_name"
        );
    }
}
