//! The services that the host provides to the screens. The server implements them once, and both
//! the HTTP API and the server functions call that implementation.

use std::sync::Arc;

use async_trait::async_trait;
use domain::list::ListRequest;
use event_store::{AggregateId, ChangeSet, Page, Version};

use crate::wire::{AggregateState, CommandAccepted, CommandRequest};
use crate::{Caller, Fault, ListPage, Problem, SampleProgress, StateJson};

/// The desk, as the screens hold it.
pub type SharedDesk = Arc<dyn Desk>;

/// The operations of the desk. Every rejection, conflict and failure is a [`Problem`].
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Executes one command in the name of the caller.
    async fn execute(
        &self,
        caller: &Caller,
        request: CommandRequest,
    ) -> Result<CommandAccepted, Problem>;

    /// Returns a record as of a version, or as it is now, up to the first damaged version.
    ///
    /// Fails with 404 if the record or version does not exist, and with `corrupt` if even the first
    /// version is damaged.
    async fn record(
        &self,
        aggregate: &AggregateId,
        version: Option<Version>,
    ) -> Result<Reading, Problem>;

    /// Returns up to `limit` unverified change sets of a record from version `newest` down, newest
    /// first, as far as they are readable and contiguous; and the faults of those left out.
    async fn timeline(
        &self,
        aggregate: &AggregateId,
        newest: Version,
        limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem>;

    /// Returns a page of a history, unverified.
    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, Problem>;

    /// Returns a page of the list of a kind. It shows at least everything acknowledged before the
    /// call.
    async fn list(&self, kind: &str, request: ListRequest) -> Result<ListPage, Problem>;

    /// Starts loading the sample company, or returns the progress. Refused if other items exist. It
    /// brings its own names, so it needs no caller.
    async fn load_sample(&self) -> Result<SampleProgress, Problem>;

    /// Returns the progress of loading the sample company.
    async fn sample_progress(&self) -> Result<SampleProgress, Problem>;
}

/// A record as of a version, up to the first damaged one.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The state as of that version, or as of the last version before the damaged one.
    pub record: AggregateState<StateJson>,
    /// The damage that cut the reading short, if any.
    pub fault: Option<Fault>,
}
