//! The services that the host provides to the screens. The server implements them once, and both
//! the HTTP API and the server functions call that implementation.

use std::sync::Arc;

use async_trait::async_trait;
use domain::InventoryItem;
use domain::inventory_item::ListItems;
use event_store::{AggregateId, ChangeSet, Page, Version};
use uuid::Uuid;

use crate::wire::{AggregateState, CommandAccepted, CommandRequest};
use crate::{Fault, ItemPage, Problem, SampleProgress};

/// The desk, as the screens hold it.
pub type SharedDesk = Arc<dyn Desk>;

/// The operations of the desk. Every rejection, conflict and failure is a [`Problem`].
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Executes one command in the name of the caller.
    async fn execute(&self, request: CommandRequest) -> Result<CommandAccepted, Problem>;

    /// Returns an item as of a version, or as it is now, up to the first damaged version.
    ///
    /// Fails with 404 if the item or version does not exist, and with `corrupt` if even the first
    /// version is damaged.
    async fn item(&self, id: Uuid, version: Option<Version>) -> Result<Reading, Problem>;

    /// Returns up to `limit` unverified change sets of an item from version `newest` down, newest
    /// first, as far as they are readable and contiguous; and the faults of those left out.
    async fn timeline(
        &self,
        id: Uuid,
        newest: Version,
        limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem>;

    /// Returns a page of a history, unverified.
    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, Problem>;

    /// Returns a page of the list of items. It shows at least everything acknowledged before the
    /// call.
    async fn list_items(&self, list: ListItems) -> Result<ItemPage, Problem>;

    /// Starts loading the sample company, or returns the progress. Refused if other items exist.
    async fn load_sample(&self) -> Result<SampleProgress, Problem>;

    /// Returns the progress of loading the sample company.
    async fn sample_progress(&self) -> Result<SampleProgress, Problem>;
}

/// An item as of a version, up to the first damaged one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The state as of that version, or as of the last version before the damaged one.
    pub item: AggregateState<InventoryItem>,
    /// The damage that cut the reading short, if any.
    pub fault: Option<Fault>,
}
