use event_store::{AggregateId, ChangeSet, Page, Store, StoreError, Version};

use crate::{ApplyReport, Error, ReadModel};

/// The most change sets to read from the store at a time.
const PAGE: usize = 500;

impl ReadModel {
    /// Applies the change sets of an aggregate that the store has beyond its row.
    ///
    /// Returns `None` once the row is current, or the reason why it cannot become so.
    pub(crate) async fn advance<S: Store>(
        &self,
        store: &S,
        aggregate: &AggregateId,
    ) -> Result<Option<String>, Error> {
        let mut after = self.checkpoint(aggregate).await?;
        loop {
            let page = newer(store, aggregate, after).await?;
            let Some(last) = page.last() else { return Ok(None) };
            let newest = last.version;
            // The feed never returns an altered change set, and the rows must not show one either.
            if let Some(altered) = page.iter().find(|change_set| !change_set.is_unaltered()) {
                return Ok(Some(format!("version {} was altered", altered.version)));
            }
            let outcome = self.apply(&page).await?;
            // A gap at or before `after` means that the row does not match its checkpoint. It is
            // rebuilt.
            if let Some(gap) = outcome.gaps.first().filter(|gap| gap.from <= after) {
                after = gap.from - 1;
                continue;
            }
            if let Some(why) = why_stuck(&outcome) {
                return Ok(Some(why));
            }
            after = newest;
        }
    }
}

async fn newer<S: Store>(
    store: &S,
    aggregate: &AggregateId,
    version: Version,
) -> Result<Vec<ChangeSet>, StoreError> {
    store.change_sets(aggregate, Page::After { version, limit: PAGE }).await
}

/// Returns the reason why an aggregate that was applied from its checkpoint is not current.
fn why_stuck(outcome: &ApplyReport) -> Option<String> {
    let gap = outcome.gaps.first().map(|gap| format!("version {} is missing", gap.from));
    let unreadable = outcome.unreadable.first();
    gap.or_else(|| unreadable.map(|u| format!("version {}: {}", u.version, u.problem)))
}
