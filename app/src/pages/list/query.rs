use domain::list::{ListRequest, Sort};
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

use crate::listing::Listing;

/// The number of rows in a page.
const ROWS: u32 = 50;

/// The query in the address of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListQuery {
    pub(super) search: String,
    pub(super) sort: Sort,
    pub(super) after: Option<String>,
}

impl ListQuery {
    /// Reads the query. Unknown sort orders are ignored.
    pub(super) fn read(query: &ParamsMap, listing: &Listing) -> Self {
        let sort = query.get("sort").and_then(|sort| listing.sort_of(sort));
        Self {
            search: query.get("search").unwrap_or_default(),
            sort: sort.unwrap_or_else(|| listing.sort.clone()),
            after: query.get("after").filter(|after| !after.is_empty()),
        }
    }

    /// Returns the query as a request to the desk.
    pub(super) fn request(&self) -> ListRequest {
        let Self { search, sort, after } = self.clone();
        ListRequest { search, refers_to: None, sort: Some(sort), after, limit: ROWS }
    }

    /// Returns the address of the query.
    pub(super) fn href(&self, listing: &Listing) -> String {
        let mut query = ParamsMap::new();
        if !self.search.is_empty() {
            query.insert("search", self.search.clone());
        }
        if let Some(after) = &self.after {
            query.insert("after", after.clone());
        }
        let mut href = format!("{}{}", listing.path, query.to_query_string());
        if self.sort != listing.sort {
            href.push(if href.contains('?') { '&' } else { '?' });
            href.push_str(&format!("sort={}", self.sort));
        }
        href
    }

    /// Returns the same search from its start, sorted by a column; in the other direction if it
    /// already is.
    pub(super) fn sorted_by(&self, column: &'static str) -> Self {
        let descending = self.sort.column == column && !self.sort.descending;
        let sort = if descending { Sort::descending(column) } else { Sort::ascending(column) };
        Self { search: self.search.clone(), sort, after: None }
    }

    /// Returns another search in the same order.
    pub(super) fn searching(&self, search: &str) -> Self {
        Self { search: search.to_owned(), sort: self.sort.clone(), after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::first_listing;

    #[test]
    fn an_address_omits_defaults() {
        let listing = first_listing();
        let query = ListQuery::read(&ParamsMap::new(), listing);
        assert_eq!(query.href(listing), "/inventory");
        let query = query.searching("oat & milk").sorted_by("on_hand");
        assert_eq!(query.href(listing), "/inventory?search=oat%20%26%20milk&sort=on_hand");
        let query = query.searching("").sorted_by("on_hand");
        assert_eq!(query.href(listing), "/inventory?sort=-on_hand");
        let map: ParamsMap = [("sort".to_owned(), "-on_hand".to_owned())].into_iter().collect();
        assert_eq!(ListQuery::read(&map, listing), query);
    }

    #[test]
    fn an_unknown_sort_order_is_ignored() {
        let map: ParamsMap = [("sort".to_owned(), "colour".to_owned())].into_iter().collect();
        let listing = first_listing();
        let plain = ListQuery::read(&ParamsMap::new(), listing);
        assert_eq!(ListQuery::read(&map, listing), plain);
    }
}
