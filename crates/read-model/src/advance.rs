use event_store::{AggregateId, ChangeSet, Page, Store, StoreError, Version};

use crate::{Error, Outcome, ReadModel};

/// Change sets that are asked of the store at a time.
const PAGE: usize = 500;

impl ReadModel {
    /// Applies what an aggregate has in the store beyond its row, to the end. `None` when it got there,
    /// otherwise why it did not.
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
            // The feed gives nothing that was altered, and so does this.
            if let Some(altered) = page.iter().find(|change_set| !change_set.is_unaltered()) {
                return Ok(Some(format!("version {} was altered", altered.version)));
            }
            let outcome = self.apply(&page).await?;
            // Only a row that is not its checkpoint's asks for more than was known to be missing.
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

/// Why an aggregate that was applied from its checkpoint on did not get to the end.
fn why_stuck(outcome: &Outcome) -> Option<String> {
    let gap = outcome.gaps.first().map(|gap| format!("version {} is missing", gap.from));
    let unreadable = outcome.unreadable.first();
    gap.or_else(|| unreadable.map(|u| format!("version {}: {}", u.version, u.problem)))
}
