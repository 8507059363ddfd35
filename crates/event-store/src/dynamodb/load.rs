//! Reading histories: one query, usually of one page.

use std::collections::HashMap;
use std::pin::pin;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use futures::StreamExt;

use super::DynamoDbStore;
use super::failure::Failure;
use super::items::{self, Item, Row};
use crate::{AggregateId, ChangeSet, Hash, Loaded, PAGE_BYTES, Snapshot, StoreError, Version};

/// The number of items on the first page of a load: the change sets between two snapshots, and a
/// few more. Every query has a limit, so that none reads on through a long history.
const LOAD_PAGE: usize = 20;
/// The largest number of items on any other page.
const HISTORY_PAGE: usize = 256;

/// A part of a partition, and the direction in which it is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Range {
    /// From this version's snapshot backwards.
    BackFrom(Version),
    /// From the change set before this version backwards.
    Before(Version),
    /// From the change set after this version forwards.
    After(Version),
}

impl Range {
    fn condition(self) -> (&'static str, String, bool) {
        match self {
            Self::BackFrom(version) => ("sk <= :sk", items::snapshot_key(version), false),
            Self::Before(version) => ("sk < :sk", items::change_set_key(version), false),
            Self::After(version) => ("sk > :sk", items::snapshot_key(version), true),
        }
    }
}

/// The pages of one query.
struct Pages<'a> {
    store: &'a DynamoDbStore,
    aggregate: &'a AggregateId,
    range: Range,
    consistent: bool,
    next: Next,
}

enum Next {
    First,
    From(Item),
    End,
}

impl DynamoDbStore {
    /// Loads back from `version` to the newest usable snapshot, or to the start.
    pub(super) async fn load_back(
        &self,
        aggregate: &AggregateId,
        version: Version,
        schema: u32,
    ) -> Result<Loaded, StoreError> {
        self.back(self.pages(aggregate, Range::BackFrom(version)), schema).await
    }

    /// Loads back from a head that may be stale. Replicas lag by different amounts, so a sound
    /// history can look broken; a consistent load then decides.
    pub(super) async fn load_eventually(
        &self,
        aggregate: &AggregateId,
        schema: u32,
    ) -> Result<Loaded, StoreError> {
        let mut pages = self.pages(aggregate, Range::BackFrom(Version::MAX));
        pages.consistent = false;
        match self.back(pages, schema).await {
            Err(StoreError::Corrupt { .. }) => {
                self.load_back(aggregate, Version::MAX, schema).await
            }
            loaded => loaded,
        }
    }

    async fn back(&self, mut pages: Pages<'_>, schema: u32) -> Result<Loaded, StoreError> {
        let aggregate = pages.aggregate;
        let mut newer = Vec::new();
        let mut candidate: Option<Snapshot> = None;
        let mut wanted = LOAD_PAGE;
        while let Some(page) = pages.next(wanted).await? {
            // The first page should hold a snapshot. If it does not, the newest one may be far
            // back.
            wanted = HISTORY_PAGE;
            let mut rows = pin!(self.rows(aggregate, page));
            while let Some(row) = rows.next().await {
                match row? {
                    Row::Snapshot(snapshot) if snapshot.schema == schema => {
                        candidate = Some(snapshot);
                    }
                    Row::Snapshot(_) | Row::PassedOver => {}
                    Row::ChangeSet(own) => {
                        // A snapshot sorts right after its own change set. It is usable only if
                        // that change set exists, is unaltered and has the hash that the snapshot
                        // names.
                        if let Some(snapshot) = candidate.take().filter(|s| vouches(&own, s)) {
                            newer.reverse();
                            let start = (0, Hash::ZERO);
                            return Loaded::checked(aggregate, Some(snapshot), newer, start);
                        }
                        newer.push(own);
                    }
                }
            }
        }
        newer.reverse();
        Loaded::checked(aggregate, None, newer, (0, Hash::ZERO))
    }

    /// Loads everything after a version whose hash is known.
    pub(super) async fn load_on(
        &self,
        aggregate: &AggregateId,
        from: (Version, Hash),
    ) -> Result<Loaded, StoreError> {
        let newer = self.read(aggregate, Range::After(from.0), usize::MAX, usize::MAX).await?;
        Loaded::checked(aggregate, None, newer, from)
    }

    /// Returns a page of up to `limit` change sets, in the range's direction.
    pub(super) async fn history(
        &self,
        aggregate: &AggregateId,
        range: Range,
        limit: usize,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.read(aggregate, range, limit, PAGE_BYTES).await
    }

    /// Reads up to `limit` change sets, and stops after the one whose body fills `room` bytes.
    async fn read(
        &self,
        aggregate: &AggregateId,
        range: Range,
        limit: usize,
        room: usize,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        let mut pages = self.pages(aggregate, range);
        let mut history: Vec<ChangeSet> = Vec::new();
        let mut bytes = 0;
        while history.len() < limit && bytes < room {
            // A few more, because snapshots lie among the change sets.
            let left = limit - history.len();
            let wanted = left.saturating_add(left / 16 + 1).min(HISTORY_PAGE);
            let Some(page) = pages.next(wanted).await? else { break };
            let mut rows = pin!(self.rows(aggregate, page));
            while let Some(row) = rows.next().await {
                // Rows beyond the page are ignored: a corrupt one must not fail it.
                if history.len() == limit || bytes >= room {
                    break;
                }
                if let Row::ChangeSet(change_set) = row? {
                    bytes += change_set.body().len();
                    history.push(change_set);
                }
            }
        }
        Ok(history)
    }

    fn pages<'a>(&'a self, aggregate: &'a AggregateId, range: Range) -> Pages<'a> {
        Pages { store: self, aggregate, range, consistent: true, next: Next::First }
    }
}

impl Pages<'_> {
    /// Returns the next page; `None` after the last. An empty page is not necessarily the last.
    async fn next(&mut self, limit: usize) -> Result<Option<Vec<Item>>, StoreError> {
        let start = match std::mem::replace(&mut self.next, Next::End) {
            Next::First => None,
            Next::From(key) => Some(key),
            Next::End => return Ok(None),
        };
        let (condition, sort_key, forward) = self.range.condition();
        let values = HashMap::from([
            (":pk".to_owned(), AttributeValue::S(self.aggregate.to_string())),
            (":sk".to_owned(), AttributeValue::S(sort_key)),
        ]);
        let request = self
            .store
            .client
            .query()
            .table_name(&*self.store.table)
            .key_condition_expression(format!("pk = :pk AND {condition}"))
            .set_expression_attribute_values(Some(values))
            .set_exclusive_start_key(start)
            .scan_index_forward(forward)
            .consistent_read(self.consistent)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .store
            .observed("Query", request.send())
            .await
            .map_err(|error| Failure::of("Query", &error))?;
        if let Some(key) = answer.last_evaluated_key.filter(|key| !key.is_empty()) {
            self.next = Next::From(key);
        }
        Ok(Some(answer.items.unwrap_or_default()))
    }
}

fn vouches(own: &ChangeSet, snapshot: &Snapshot) -> bool {
    own.version == snapshot.version && own.hash == snapshot.hash && own.is_unaltered()
}
