use domain::inventory_item::{ItemColumn, ItemSort, ListItems};
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

/// The number of rows in a page.
const ROWS: u32 = 50;

/// The query in the address of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListQuery {
    pub(super) search: String,
    pub(super) sort: ItemSort,
    pub(super) after: Option<String>,
}

impl ListQuery {
    /// Reads the query. Unknown sort orders are ignored.
    pub(super) fn read(query: &ParamsMap) -> Self {
        Self {
            search: query.get("search").unwrap_or_default(),
            sort: query.get("sort").and_then(|sort| sort.parse().ok()).unwrap_or_default(),
            after: query.get("after").filter(|after| !after.is_empty()),
        }
    }

    /// Returns the query as a request to the desk.
    pub(super) fn list(&self) -> ListItems {
        let Self { search, sort, after } = self.clone();
        ListItems { search, sort, after, limit: ROWS }
    }

    /// Returns the address of the query.
    pub(super) fn href(&self) -> String {
        let mut query = ParamsMap::new();
        if !self.search.is_empty() {
            query.insert("search", self.search.clone());
        }
        if let Some(after) = &self.after {
            query.insert("after", after.clone());
        }
        let mut href = format!("/inventory{}", query.to_query_string());
        if self.sort != ItemSort::default() {
            href.push(if href.contains('?') { '&' } else { '?' });
            href.push_str(&format!("sort={}", self.sort));
        }
        href
    }

    /// Returns the same search from its start, sorted by a column; in the other direction if it
    /// already is.
    pub(super) fn sorted_by(&self, column: ItemColumn) -> Self {
        let descending = self.sort.column == column && !self.sort.descending;
        Self { sort: ItemSort { column, descending }, after: None, ..self.clone() }
    }

    /// Returns another search in the same order.
    pub(super) fn searching(&self, search: &str) -> Self {
        Self { search: search.to_owned(), sort: self.sort, after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_omits_defaults() {
        let query = ListQuery::default();
        assert_eq!(query.href(), "/inventory");
        let query = query.searching("oat & milk").sorted_by(ItemColumn::OnHand);
        assert_eq!(query.href(), "/inventory?search=oat%20%26%20milk&sort=on_hand");
        let query = query.searching("").sorted_by(ItemColumn::OnHand);
        assert_eq!(query.href(), "/inventory?sort=-on_hand");
    }

    #[test]
    fn an_unknown_sort_order_is_ignored() {
        let map: ParamsMap = [("sort".to_owned(), "colour".to_owned())].into_iter().collect();
        assert_eq!(ListQuery::read(&map), ListQuery::default());
    }
}
