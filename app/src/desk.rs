//! What the screens ask of the host. The server implements it once; the HTTP interface and the server
//! functions both call it, so that there is one way in.

use std::sync::Arc;

use async_trait::async_trait;
use domain::inventory_item::ListItems;
use event_store::wire::{CommandAccepted, CommandRequest};
use event_store::{AggregateId, ChangeSet, Page, Version};
use uuid::Uuid;

use crate::problem::Problem;
use crate::views::{Fault, ItemPage, Reading, SampleProgress};

/// The desk, as the screens hold it.
pub type SharedDesk = Arc<dyn Desk>;

/// What can be asked at the desk. Every refusal, conflict and failure is a [`Problem`].
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Takes up one command, in the name of whoever asks.
    async fn execute(&self, request: CommandRequest) -> Result<CommandAccepted, Problem>;

    /// An item as of a version, or as it is now, as far as its history holds. 404 when there is no such item
    /// or version, `corrupt` when not even its first version holds.
    async fn item(&self, id: Uuid, version: Option<Version>) -> Result<Reading, Problem>;

    /// Up to `limit` of an item's change sets from version `newest` down, newest first, as far as they can
    /// be read and none is missing; and what is wrong with those that are left out. Unverified.
    async fn timeline(
        &self,
        id: Uuid,
        newest: Version,
        limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem>;

    /// A page of a history, unverified.
    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, Problem>;

    /// A page of the list of items. It shows at least what was acknowledged before it was asked for.
    async fn list_items(&self, list: ListItems) -> Result<ItemPage, Problem>;

    /// Starts loading the sample company, or says how far it is. Refused when there are items that
    /// are not the sample's.
    async fn load_sample(&self) -> Result<SampleProgress, Problem>;

    /// How far the sample company is.
    async fn sample_progress(&self) -> Result<SampleProgress, Problem>;
}
