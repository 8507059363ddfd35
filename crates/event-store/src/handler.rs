//! From a command to a change set: decide, append, and when another was faster, fold in what it did
//! and decide again.

mod attempt;
mod slots;
mod transaction;

use std::num::NonZeroUsize;
use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Instrument, debug_span};
use uuid::Uuid;

use crate::{Aggregate, Appended, ChangeSet, Store, StoreError, Timestamp, Version, spans};
use attempt::{Attempt, Proposal};
use slots::Slots;
pub use transaction::{Part, TransactError, Transacted, transact};

/// Versions from one snapshot to the next. A load reads at most this many change sets and a few more.
///
/// A snapshot is one to three write units; a change set in a load is a tenth of a read unit, of which five cost what a
/// write unit does. So this is about right where heads that are not in memory are asked for by one command in four.
pub const SNAPSHOT_EVERY: Version = 20;

/// A command with all that is needed to take it up.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<C> {
    /// Made by the client; makes a repeat harmless.
    pub command_id: Uuid,
    /// The aggregate's id, made by the client too.
    pub aggregate: Uuid,
    /// The version that its author had in view.
    pub expected_version: Option<Version>,
    /// What to do.
    pub command: C,
    /// Who asks.
    pub actor: String,
    /// The server's clock. `recorded_at` is this, or that of the version before if it is later.
    pub now: Timestamp,
    /// What larger piece of work it belongs to.
    pub correlation_id: Option<Uuid>,
    /// What led to it.
    pub causation_id: Option<Uuid>,
}

/// What became of a command. None of these is a failure; those are [`StoreError`].
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<R> {
    /// It is durable, now or since an earlier sending.
    Accepted(Accepted),
    /// The domain says no, and why.
    Rejected {
        /// Why.
        rejection: R,
        /// The version that this was decided on; 0 when there is no such aggregate.
        version: Version,
    },
    /// What happened since the expected version matters to this command.
    Conflict {
        /// The newest version.
        current_version: Version,
        /// The change sets between the expected version and the newest; empty when the expected
        /// version does not exist yet. Of an author more than a thousand versions behind the first
        /// thousand: that is a conflict whatever they say.
        since: Vec<ChangeSet>,
    },
    /// The id was used for another command.
    CommandIdReused {
        /// As which version that command was taken.
        version: Version,
    },
}

impl<R> Outcome<R> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Accepted(Accepted { duplicate: true, .. }) => "duplicate",
            Self::Accepted(_) => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::Conflict { .. } => "conflict",
            Self::CommandIdReused { .. } => "command-id-reused",
        }
    }
}

/// A command that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// What it became.
    pub change_set: ChangeSet,
    /// Whether an earlier sending had done it.
    pub duplicate: bool,
    /// How often another's change set came first and the command was decided again.
    pub retries: u32,
}

/// Carries commands of one kind of aggregate to a store. Cheap to clone; clones share their heads.
///
/// Heads are cached, so that in the steady state a command costs one conditional put. A cached head
/// may be stale when others write too: the put's condition notices. Before it *refuses* a command on a
/// cached head, the handler reads what is newer, so that no refusal rests on a stale state.
#[derive(Debug)]
pub struct CommandHandler<A: Aggregate, S: Store> {
    store: S,
    slots: Arc<Slots<A>>,
}

impl<A: Aggregate, S: Store> Clone for CommandHandler<A, S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), slots: Arc::clone(&self.slots) }
    }
}

impl<A: Aggregate, S: Store> CommandHandler<A, S> {
    /// A handler that keeps at most so many heads in memory.
    pub fn new(store: S, cached_heads: NonZeroUsize) -> Self {
        Self { store, slots: Arc::new(Slots::new(cached_heads)) }
    }

    /// The store behind it.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Takes up one command. Commands to the same aggregate queue here, first come first served.
    ///
    /// # Errors
    /// [`StoreError`]: whether the command was taken may then be unknown; sending it again is safe.
    pub async fn execute(
        &self,
        envelope: &Envelope<A::Command>,
    ) -> Result<Outcome<A::Rejection>, StoreError> {
        let span = debug_span!(
            target: spans::TARGET, "command",
            kind = A::KIND, id = %envelope.aggregate, command_id = %envelope.command_id,
            outcome = Empty
        );
        let result = self.carry_out(envelope).instrument(span.clone()).await;
        spans::tell(&span, &result, Outcome::name);
        result
    }

    async fn carry_out(
        &self,
        envelope: &Envelope<A::Command>,
    ) -> Result<Outcome<A::Rejection>, StoreError> {
        let mut attempt = Attempt::begin(self, envelope.clone()).await?;
        let outcome = loop {
            let change_set = match attempt.propose().await? {
                Proposal::Append(change_set) => change_set,
                Proposal::Settled(outcome) => break outcome,
            };
            match self.store.append(&change_set).await? {
                Appended::Written => break Outcome::Accepted(attempt.win(change_set)?),
                Appended::Taken(winner) => attempt.lose(*winner).await?,
            }
        };
        attempt.end();
        Ok(outcome)
    }
}
