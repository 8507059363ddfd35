use std::collections::VecDeque;
use std::iter;

use api::{ListPage, ListRow, Problem};
use domain::list::{ListRequest, Sort};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::kinds::listings;
use crate::listing::Listing;
use crate::server_functions::list;

/// The number of changes to show.
const LATEST: u32 = 6;

/// The latest rows of each list, in the order of the lists.
pub(super) type Latest = Vec<ListPage>;

/// The number of records in each list and the latest changes, as last fetched.
#[derive(Clone)]
pub(super) struct Overview {
    pub(super) totals: ArcRwSignal<Vec<u64>>,
    pub(super) rows: ArcRwSignal<Vec<(&'static Listing, ListRow)>>,
    /// The reason why nothing can be shown.
    pub(super) problem: ArcRwSignal<Option<Problem>>,
    asked: ArcStoredValue<u32>,
}

impl Overview {
    pub(super) fn new(latest: Result<Latest, Problem>) -> Self {
        let overview = Self {
            totals: ArcRwSignal::new(Vec::new()),
            rows: ArcRwSignal::new(Vec::new()),
            problem: ArcRwSignal::new(None),
            asked: ArcStoredValue::new(0),
        };
        overview.show(latest);
        overview
    }

    /// Fetches the overview again.
    ///
    /// A failure is silent if the page has something to show, because the user has not asked. Only
    /// the answer to the last request counts.
    pub(super) fn refresh(&self) {
        let asked = self.asked.get_value().wrapping_add(1);
        self.asked.set_value(asked);
        let overview = self.clone();
        spawn_local(async move {
            let latest = latest().await;
            let wanted = latest.is_ok() || overview.problem.read_untracked().is_some();
            if wanted && overview.asked.get_value() == asked {
                overview.show(latest);
            }
        });
    }

    fn show(&self, latest: Result<Latest, Problem>) {
        match latest {
            Ok(pages) => {
                self.problem.set(None);
                self.totals.set(pages.iter().map(|page| page.total).collect());
                self.rows.set(newest(pages));
            }
            Err(problem) => self.problem.set(Some(problem)),
        }
    }
}

/// Fetches the latest rows of each list.
pub(super) async fn latest() -> Result<Latest, Problem> {
    let mut pages = Vec::new();
    for listing in listings() {
        let sort = Some(Sort::descending("updated_at"));
        let request = ListRequest { sort, limit: LATEST, ..ListRequest::default() };
        pages.push(list(listing.kind.to_owned(), request).await?);
    }
    Ok(pages)
}

/// Merges the rows of all lists, newest first.
fn newest(pages: Latest) -> Vec<(&'static Listing, ListRow)> {
    let rows = pages.into_iter().map(|page| VecDeque::from(page.rows));
    let mut lists: Vec<_> = iter::zip(listings(), rows).collect();
    let next = || {
        let changed = |rows: &VecDeque<ListRow>| rows.front().map(|row| row.updated_at);
        let (listing, rows) = lists.iter_mut().max_by_key(|(_, rows)| changed(rows))?;
        rows.pop_front().map(|row| (*listing, row))
    };
    iter::from_fn(next).take(LATEST as usize).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use api::StateJson;
    use event_store::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_newest_rows_come_first_and_the_rest_is_left_out() {
        let times = [9, 8, 8, 7, 5, 4, 3];
        let row = |(number, millis): (u128, i64)| ListRow {
            id: Uuid::from_u128(number),
            version: 1,
            state: StateJson::of(&number).unwrap(),
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(millis),
        };
        let rows: Vec<_> = (1..).zip(times).map(row).collect();
        let page = ListPage { rows: rows.clone(), ..ListPage::default() };
        let shown = newest(vec![page]).into_iter().map(|(_, row)| row);
        assert!(shown.eq(rows.into_iter().take(6)));
    }
}
