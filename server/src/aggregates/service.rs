use std::fmt::Display;
use std::num::NonZeroUsize;

use api::wire::{self, AggregateState, CommandRequest};
use api::{Code, Fault, Problem, Reading, StateJson};
use async_trait::async_trait;
use domain::kind::{Kind, Task as _};
use domain::list::{Sort, UnknownSort};
use domain::sku::Claim;
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::{Accepted, CommandHandler, Envelope, Outcome, Refusal};
use event_store::{
    Aggregate, AggregateId, ChangeSet, Page, Store, StoreError, Verification, Verifier, Version,
};
use serde::Serialize;
use serde::de::value::MapDeserializer;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{DeskPart, PlannedPart, ReceivedCommand, Refused, Service, integrity};
use crate::http::json::pointer;
use crate::problems;

/// Change sets read at a time where a whole history is needed.
const PAGE: usize = 500;

/// One kind of aggregate on its store.
#[derive(Debug)]
pub struct AggregateService<A: Aggregate> {
    handler: CommandHandler<A, DynamoDbStore>,
}

impl<A: Kind> AggregateService<A> {
    /// Hosts the kind on this store, with this number of heads in memory.
    pub fn new(store: DynamoDbStore, cached_heads: NonZeroUsize) -> Self {
        Self { handler: CommandHandler::new(store, cached_heads) }
    }

    /// Returns the state as of a version, or the current one.
    ///
    /// # Errors
    /// `unknown-aggregate`, `unknown-version`, or the problem of the store.
    pub async fn state_of(
        &self,
        id: Uuid,
        version: Option<Version>,
    ) -> Result<AggregateState<A>, Problem> {
        let head = self.handler.load(id, version).await.map_err(|e| problems::of_store(&e))?;
        match version {
            _ if head.version == 0 => return Err(problems::unknown_aggregate(head.aggregate())),
            Some(version) if version > head.version => {
                return Err(problems::unknown_version(version, head.version));
            }
            _ => {}
        }
        Ok(integrity::state(head))
    }

    /// Makes the command a part of a transaction.
    pub(super) fn part_of(&self, envelope: &Envelope<A::Command>, part: PlannedPart) -> DeskPart {
        let id = envelope.aggregate;
        self.handler.part(envelope, move |refused| Refused {
            part: part.clone(),
            problem: refusal::<A>(id, refused),
        })
    }

    pub(super) fn handler(&self) -> &CommandHandler<A, DynamoDbStore> {
        &self.handler
    }

    /// Returns whether the aggregate exists.
    pub(crate) async fn exists(&self, id: Uuid) -> Result<bool, Problem> {
        let first = self.page(id, Page::After { version: 0, limit: 1 }).await;
        first.map(|first| !first.is_empty()).map_err(|error| problems::of_store(&error))
    }

    pub(super) fn store(&self) -> &DynamoDbStore {
        self.handler.store()
    }

    pub(super) async fn page(&self, id: Uuid, page: Page) -> Result<Vec<ChangeSet>, StoreError> {
        self.store().change_sets(&AggregateId::of::<A>(id), page).await
    }

    /// Verifies the history page by page, as far as it can be read.
    async fn verified(&self, id: Uuid) -> Result<Verification, Problem> {
        let mut verifier = Verifier::<A>::new(AggregateId::of::<A>(id));
        let mut limit = PAGE;
        loop {
            let found = verifier.verification();
            if !found.ok {
                return Ok(found);
            }
            let after = found.version;
            match self.page(id, Page::After { version: after, limit }).await {
                Ok(page) if page.is_empty() => return Ok(found),
                // Hashing and deciding again take too long for the threads of the runtime.
                Ok(page) => {
                    let checking = tokio::task::spawn_blocking(move || {
                        verifier.check(&page);
                        verifier
                    });
                    verifier = checking.await.map_err(|error| problems::defect(&error))?;
                }
                // The versions before it can be read without it, and are still to be checked.
                Err(StoreError::Corrupt { version, .. }) if before(version, after) < limit => {
                    limit = before(version, after);
                }
                Err(StoreError::Corrupt { problem, .. }) => verifier.fail(problem),
                Err(error) => return Err(problems::of_store(&error)),
            }
        }
    }
}

#[async_trait]
impl<A: Kind> Service for AggregateService<A> {
    fn kind(&self) -> &'static str {
        A::KIND
    }

    fn has_tasks(&self) -> bool {
        !A::Task::ALL.is_empty()
    }

    fn sort(&self, text: &str) -> Result<Sort, UnknownSort> {
        Sort::of::<A>(text)
    }

    fn claim(&self, request: &CommandRequest) -> Option<Claim> {
        let command = decode::<A>(request.command.clone()).ok()?;
        A::claim(request.aggregate.id, &command)
    }

    fn references(&self, request: &CommandRequest) -> Vec<AggregateId> {
        let command = decode::<A>(request.command.clone());
        command.map_or_else(|_| Vec::new(), |command| A::references(&command))
    }

    async fn admits_references(&self, id: Uuid) -> Result<(), Problem> {
        let head = self.handler.load(id, None).await.map_err(|e| problems::of_store(&e))?;
        head.state.admits_references().map_err(|rejection| {
            rejected(&rejection, head.version).with("refers_to", json!(head.aggregate()))
        })
    }

    async fn is_repeat(&self, received: &ReceivedCommand) -> Result<bool, Problem> {
        let envelope = envelope::<A>(received)?;
        self.handler.is_repeat(&envelope).await.map_err(|error| problems::of_store(&error))
    }

    async fn execute(&self, received: &ReceivedCommand) -> Result<Accepted, Problem> {
        let envelope = envelope::<A>(received)?;
        match self.handler.execute(&envelope).await {
            Ok(Outcome::Accepted(accepted)) => Ok(accepted),
            Ok(Outcome::Refused(refused)) => Err(refusal::<A>(envelope.aggregate, refused)),
            Err(error) => Err(problems::of_store(&error)),
        }
    }

    fn part(&self, received: &ReceivedCommand, part: PlannedPart) -> Result<DeskPart, Problem> {
        Ok(self.part_of(&envelope::<A>(received)?, part))
    }

    async fn state(&self, id: Uuid, version: Option<Version>) -> Result<AggregateState, Problem> {
        encoded(self.state_of(id, version).await?, |state| serde_json::to_value(state))
    }

    async fn readable_state(&self, id: Uuid, version: Option<Version>) -> Result<Reading, Problem> {
        let (state, fault) = self.readable_state_of(id, version).await?;
        Ok(Reading { record: encoded(state, |state| StateJson::of(&state))?, fault })
    }

    async fn readable(
        &self,
        id: Uuid,
        newest: Version,
        limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem> {
        self.readable_change_sets(id, newest, limit).await
    }

    async fn change_sets(&self, id: Uuid, page: Page) -> Result<Vec<ChangeSet>, Problem> {
        let found = self.page(id, page).await.map_err(|error| problems::of_store(&error))?;
        if found.is_empty() && !self.exists(id).await? {
            return Err(problems::unknown_aggregate(&AggregateId::of::<A>(id)));
        }
        Ok(found)
    }

    async fn verify(&self, id: Uuid) -> Result<Verification, Problem> {
        let verification = self.verified(id).await?;
        if verification.ok && verification.version == 0 {
            return Err(problems::unknown_aggregate(&AggregateId::of::<A>(id)));
        }
        Ok(verification)
    }
}

fn encoded<A, S>(
    known: AggregateState<A>,
    encode: impl FnOnce(A) -> serde_json::Result<S>,
) -> Result<AggregateState<S>, Problem> {
    let AggregateState { aggregate, version, state, created_at, updated_at, hash } = known;
    let state = encode(state).map_err(|error| problems::defect(&error))?;
    Ok(AggregateState { aggregate, version, state, created_at, updated_at, hash })
}

/// Returns the number of versions between these two, and at least one.
fn before(version: Version, after: Version) -> usize {
    let between = version.saturating_sub(after + 1).max(1);
    usize::try_from(between).unwrap_or(usize::MAX)
}

fn envelope<A: Aggregate>(received: &ReceivedCommand) -> Result<Envelope<A::Command>, Problem> {
    let command = decode::<A>(received.request.command.clone())?;
    let expected_version = received.request.expected_version;
    Ok(received
        .envelope(received.request.aggregate.id, command)
        .with_expected_version(expected_version))
}

/// Decodes a command of this kind. The tag comes first, so that serde reads the data directly and
/// can say where it is wrong.
pub(super) fn decode<A: Aggregate>(command: wire::Command) -> Result<A::Command, Problem> {
    let wire::Command { name, data } = command;
    let fields = [("type", Value::String(name)), ("data", data)];
    let deserializer = MapDeserializer::<_, serde_json::Error>::new(fields.into_iter());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let place = format!("/command{}", pointer(error.path()));
        problems::malformed(&place, error.into_inner())
    })
}

fn refusal<A: Kind>(id: Uuid, refusal: Refusal<A::Rejection>) -> Problem {
    match refusal {
        Refusal::Rejected { rejection, .. } if A::is_unknown(&rejection) => {
            problems::unknown_aggregate(&AggregateId::of::<A>(id))
        }
        Refusal::Rejected { rejection, version } => rejected(&rejection, version),
        Refusal::Conflict { current_version, since } => {
            let story: Vec<_> = since.iter().map(wire::ChangeSet::from).collect();
            match serde_json::to_value(story) {
                Ok(since) => Problem::new(Code::Conflict, conflict(current_version, &since))
                    .with("current_version", current_version)
                    .with("since", since),
                Err(error) => problems::defect(&error),
            }
        }
        Refusal::CommandIdReused { version } => Problem::new(
            Code::CommandIdReused,
            format!(
                "version {version} holds another command with this id: give each command its own id"
            ),
        )
        .with("version", version),
        // No kind here decides on nothing: what changes nothing is rejected, with the reason.
        other => problems::defect(&format!("{other:?}")),
    }
}

fn rejected<R: Serialize + Display>(rejection: &R, version: Version) -> Problem {
    match serde_json::to_value(rejection) {
        Ok(figures) => Problem::new(Code::Rejected, rejection.to_string())
            .with("rejection", figures)
            .with("version", version),
        Err(error) => problems::defect(&error),
    }
}

fn conflict(current_version: Version, since: &Value) -> String {
    match since.as_array().map_or(0, Vec::len) {
        0 => format!("the expected version does not exist yet: the newest is {current_version}"),
        _ => format!("newer changes affect this command: the newest version is {current_version}"),
    }
}
