use domain::folding::fold;
use domain::inventory_item::{InventoryItemRow, ItemColumn, ListItems};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::cursor::{Cursor, Key};
use crate::database::Db;
use crate::items::{SELECT, StoredItem};
use crate::{Error, ListError, ReadModel};

/// The most rows in a page.
pub const LIST_LIMIT: u32 = 200;

/// The most words of a search that count, because SQLite limits the depth of an expression. No name
/// has that many.
const MOST_WORDS: usize = 200;

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The rows, in the requested order.
    pub rows: Vec<InventoryItemRow>,
    /// The [`ListItems::after`] of the next page; `None` at the end.
    pub next: Option<String>,
    /// The total number of items that the search finds.
    pub total: u64,
}

impl ReadModel {
    /// Returns a page of the list.
    ///
    /// A search finds the items that contain each of its words in the SKU or the name, both
    /// [folded](fold). Text is sorted as people expect: `9 mm` before `10 mm`, `Äpfel` beside
    /// `apple`.
    ///
    /// Rows that are equal in the sorted column are ordered by id. Rows without a maximum or a
    /// reorder level come last in ascending and first in descending order.
    ///
    /// # Errors
    /// [`ListError`].
    pub async fn list(&self, list: &ListItems) -> Result<Listed, ListError> {
        if !(1..=LIST_LIMIT).contains(&list.limit) {
            return Err(ListError::Limit(list.limit));
        }
        let after =
            list.after.as_deref().map(|text| Cursor::decode(text, list.sort)).transpose()?;
        let mut snapshot = self.database.begin_read().await?;
        let total: i64 = count_query(list).build_query_scalar().fetch_one(&mut *snapshot).await?;
        let found: Vec<StoredItem> =
            page_query(list, after.as_ref()).build_query_as().fetch_all(&mut *snapshot).await?;
        drop(snapshot);
        let mut rows: Vec<InventoryItemRow> = found.into_iter().map(Into::into).collect();
        let limit = list.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(|row| Cursor::after(row, list.sort).encode());
        let next = last.transpose().map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(Listed { rows, next, total: total.cast_unsigned() })
    }

    /// Returns an item.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn find(&self, id: Uuid) -> Result<Option<InventoryItemRow>, Error> {
        let mut query = QueryBuilder::<Db>::new(SELECT);
        query.push(" WHERE id = ").push_bind(id);
        let found: Option<StoredItem> =
            query.build_query_as().fetch_optional(self.database.readers()).await?;
        Ok(found.map(Into::into))
    }

    /// Returns the SKUs, as their items write them, that read the same as this one.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn skus_alike(&self, sku: &str) -> Result<Vec<String>, Error> {
        let query = sqlx::query_scalar("SELECT sku FROM inventory_items WHERE sku_key = ?");
        Ok(query.bind(fold(sku)).fetch_all(self.database.readers()).await?)
    }

    /// Returns the items that changed last, newest first.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn recent(&self, limit: u32) -> Result<Vec<InventoryItemRow>, Error> {
        let mut query = QueryBuilder::<Db>::new(SELECT);
        query.push(" ORDER BY updated_at DESC, id DESC LIMIT ").push_bind(limit);
        let found: Vec<StoredItem> =
            query.build_query_as().fetch_all(self.database.readers()).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// Returns the number of items.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn count(&self) -> Result<u64, Error> {
        let mut query = count_query(&ListItems::default());
        let count: i64 = query.build_query_scalar().fetch_one(self.database.readers()).await?;
        Ok(count.cast_unsigned())
    }

    /// Returns whether the list is empty.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let any = sqlx::query("SELECT 1 FROM inventory_items LIMIT 1");
        Ok(any.fetch_optional(self.database.readers()).await?.is_none())
    }
}

fn count_query(list: &ListItems) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM inventory_items WHERE TRUE");
    push_search(&mut query, &list.search);
    query
}

/// Selects one row more than the page holds, which shows whether another page follows.
fn page_query(list: &ListItems, after: Option<&Cursor>) -> QueryBuilder<Db> {
    let column = key_column(list.sort.column);
    let (direction, beyond) = if list.sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    let mut query = QueryBuilder::new(SELECT);
    query.push(" WHERE TRUE");
    push_search(&mut query, &list.search);
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
fn push_search(query: &mut QueryBuilder<Db>, search: &str) {
    for word in fold(search).split_whitespace().take(MOST_WORDS) {
        query.push(" AND instr(words, ").push_bind(word.to_owned()).push(") > 0");
    }
}

const fn key_column(column: ItemColumn) -> &'static str {
    match column {
        ItemColumn::Name => "name_order",
        ItemColumn::Sku => "sku_order",
        ItemColumn::OnHand => "on_hand",
        ItemColumn::MaxQuantity => "max_quantity_key",
        ItemColumn::ReorderLevel => "reorder_level_key",
        ItemColumn::UpdatedAt => "updated_at",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use domain::inventory_item::ItemSort;
    use event_store::Timestamp;
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::items::advance;

    async fn plan_of(model: &ReadModel, query: &QueryBuilder<Db>) -> String {
        let explain = format!("EXPLAIN QUERY PLAN {}", query.sql().as_str());
        let plan = sqlx::query_as(AssertSqlSafe(explain)).fetch_all(model.database.readers());
        let plan: Vec<(i64, i64, i64, String)> = plan.await.unwrap();
        plan.into_iter().map(|step| step.3).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn every_page_in_every_order_uses_an_index() {
        let model = ReadModel::in_memory().await.unwrap();
        for column in ItemColumn::ALL {
            for descending in [false, true] {
                let sort = ItemSort { column, descending };
                let index = format!("USING INDEX inventory_items_by_{}", column.as_str());
                let list = ListItems { sort, limit: 50, ..ListItems::default() };
                for list in [ListItems { search: "part".to_owned(), ..list.clone() }, list] {
                    let first = plan_of(&model, &page_query(&list, None)).await;
                    assert_eq!(first, format!("SCAN inventory_items {index}"), "{list:?}");
                    let row = advance(None, Uuid::nil(), 1, &[], Timestamp::default());
                    let after = Cursor::after(&row, sort);
                    let key = key_column(column);
                    let beyond = if descending { "<" } else { ">" };
                    assert_eq!(
                        plan_of(&model, &page_query(&list, Some(&after))).await,
                        format!("SEARCH inventory_items {index} (({key},id){beyond}(?,?))"),
                        "{list:?}"
                    );
                }
            }
        }
    }
    #[tokio::test]
    async fn counting_search_results_reads_no_rows() {
        let model = ReadModel::in_memory().await.unwrap();
        let list = ListItems { search: "part".to_owned(), ..ListItems::default() };
        assert_eq!(
            plan_of(&model, &count_query(&list)).await,
            "SCAN inventory_items USING COVERING INDEX inventory_items_by_name"
        );
    }
}
