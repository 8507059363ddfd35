use api::{ListPage, ListRow, Problem};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::query::ListQuery;
use crate::listing::Listing;
use crate::server_functions::list;

/// The rows on the screen and their source. Of several pending requests, only the answer to the
/// last counts.
#[derive(Clone)]
pub(super) struct List {
    pub(super) listing: &'static Listing,
    pub(super) query: ArcRwSignal<ListQuery>,
    pub(super) rows: ArcRwSignal<Vec<ListRow>>,
    pub(super) next: ArcRwSignal<Option<String>>,
    pub(super) total: ArcRwSignal<u64>,
    /// The reason why nothing can be shown.
    pub(super) problem: ArcRwSignal<Option<Problem>>,
    /// The reason why the next page cannot be shown.
    pub(super) stuck: ArcRwSignal<Option<Problem>>,
    pub(super) busy: ArcRwSignal<bool>,
    asked: ArcStoredValue<u32>,
}

impl List {
    pub(super) fn new(
        listing: &'static Listing,
        query: ListQuery,
        page: Result<ListPage, Problem>,
    ) -> Self {
        let list = Self {
            listing,
            query: ArcRwSignal::new(query),
            rows: ArcRwSignal::new(Vec::new()),
            next: ArcRwSignal::new(None),
            total: ArcRwSignal::new(0),
            problem: ArcRwSignal::new(None),
            stuck: ArcRwSignal::new(None),
            busy: ArcRwSignal::new(false),
            asked: ArcStoredValue::new(0),
        };
        list.show(page, false);
        list
    }

    /// Fetches the list of another address.
    pub(super) fn ask(&self, query: ListQuery) {
        self.query.set(query.clone());
        self.fetch(query, false);
    }

    /// Fetches the shown pages again and replaces them all at once.
    ///
    /// A failed first page or next page is retried. Any other failure is silent, because the user
    /// has not asked.
    pub(super) fn refresh(&self) {
        if self.problem.read_untracked().is_some() {
            return self.ask(self.query.get_untracked());
        }
        if self.stuck.read_untracked().is_some() {
            return self.show_more();
        }
        if self.busy.get_untracked() {
            return;
        }
        let (list, asked) = (self.clone(), self.asked.get_value());
        let (query, shown) = (self.query.get_untracked(), self.rows.read_untracked().len());
        spawn_local(async move {
            if let Ok(page) = from_the_start(list.listing, query, shown).await
                && list.asked.get_value() == asked
                && !list.shows(&page)
            {
                list.show(Ok(page), false);
            }
        });
    }

    /// Returns whether the screen already shows this page. Unchanged rows must not be replaced
    /// under the user's pointer.
    fn shows(&self, page: &ListPage) -> bool {
        page.rows == *self.rows.read_untracked()
            && page.total == self.total.get_untracked()
            && page.next == *self.next.read_untracked()
    }

    /// Adds the next page.
    pub(super) fn show_more(&self) {
        if let Some(after) = self.next.get_untracked() {
            let query = self.query.get_untracked();
            self.fetch(ListQuery { after: Some(after), ..query }, true);
        }
    }

    fn fetch(&self, query: ListQuery, append: bool) {
        let asked = self.asked.get_value().wrapping_add(1);
        self.asked.set_value(asked);
        self.busy.set(true);
        let list = self.clone();
        spawn_local(async move {
            let page = fetch(list.listing, &query).await;
            if list.asked.get_value() == asked {
                list.busy.set(false);
                list.show(page, append);
            }
        });
    }

    fn show(&self, page: Result<ListPage, Problem>, append: bool) {
        match page {
            Ok(ListPage { rows, next, total }) => {
                self.problem.set(None);
                self.stuck.set(None);
                self.next.set(next);
                self.total.set(total);
                if append {
                    self.rows.update(|shown| shown.extend(rows));
                } else {
                    self.rows.set(rows);
                }
            }
            Err(problem) if append => self.stuck.set(Some(problem)),
            Err(problem) => self.problem.set(Some(problem)),
        }
    }
}

async fn fetch(listing: &Listing, query: &ListQuery) -> Result<ListPage, Problem> {
    list(listing.kind.to_owned(), query.request()).await
}

/// Fetches the list from its start, page by page, until it has this many rows or ends.
pub(super) async fn from_the_start(
    listing: &Listing,
    mut query: ListQuery,
    rows: usize,
) -> Result<ListPage, Problem> {
    let mut page = fetch(listing, &query).await?;
    while page.rows.len() < rows && page.next.is_some() {
        query.after = page.next.take();
        let more = fetch(listing, &query).await?;
        page.rows.extend(more.rows);
        (page.next, page.total) = (more.next, more.total);
    }
    Ok(page)
}
