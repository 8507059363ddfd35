//! Turns commands into change sets: decides and appends; after a conflict, folds in the winner and
//! decides again.

mod attempt;
mod handover;
mod slots;
mod transaction;

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::runtime::Handle;
use tracing::field::Empty;
use tracing::{Instrument, debug_span};
use uuid::Uuid;

#[cfg(feature = "feed")]
use crate::feed::{Feed, FeedStore};
use crate::{
    Aggregate, Appended, ChangeSet, Head, Reach, Store, StoreError, Timestamp, Version, full_disk,
    spans,
};
use attempt::{Attempt, Proposal};
use handover::Handover;
use slots::Slots;
pub use transaction::{Part, TransactError, Transacted, transact};

/// The number of versions from one snapshot to the next. A load reads this many change sets and a
/// few more at most.
///
/// A snapshot costs one to three write units; reading this many change sets costs a cold command
/// one and a half read units. More frequent snapshots would save little, because that would fall
/// below the minimum that a query is billed.
pub const SNAPSHOT_EVERY: Version = 16;

/// A command with everything that is needed to handle it.
///
/// ```
/// use event_store::Timestamp;
/// use event_store::handler::Envelope;
/// use uuid::Uuid;
///
/// let (command_id, account) = (Uuid::now_v7(), Uuid::now_v7());
/// let deposit = Envelope::new(
///     command_id,
///     account,
///     "deposit 5",
///     "ada@example.com",
///     Timestamp::from_millis(0),
/// )
/// .with_expected_version(3);
/// assert_eq!(deposit.expected_version, Some(3));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Envelope<C> {
    /// The command's id, made by the client; makes a repeat harmless.
    pub command_id: Uuid,
    /// The aggregate's id, made by the client too.
    pub aggregate: Uuid,
    /// The version that its author had in view.
    pub expected_version: Option<Version>,
    /// The command.
    pub command: C,
    /// The caller who sent the command.
    pub actor: String,
    /// The server's clock. `recorded_at` is this time, or the previous version's if that is later.
    /// An aggregate that was given a time far ahead keeps it until the clock catches up.
    pub now: Timestamp,
    /// The larger piece of work that the command belongs to.
    pub correlation_id: Option<Uuid>,
    /// The command or event that led to it.
    pub causation_id: Option<Uuid>,
}

impl<C> Envelope<C> {
    /// An envelope for a command to this aggregate, under the id that its client made, sent by
    /// `actor` and handled `now`. It expects no version and stands alone.
    pub fn new(
        command_id: Uuid,
        aggregate: Uuid,
        command: C,
        actor: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            command_id,
            aggregate,
            expected_version: None,
            command,
            actor: actor.into(),
            now,
            correlation_id: None,
            causation_id: None,
        }
    }

    /// Sets the version that the author had in view.
    #[must_use]
    pub fn with_expected_version(self, version: impl Into<Option<Version>>) -> Self {
        Self { expected_version: version.into(), ..self }
    }

    /// Makes the command part of a larger piece of work.
    #[must_use]
    pub fn with_correlation(self, id: impl Into<Option<Uuid>>) -> Self {
        Self { correlation_id: id.into(), ..self }
    }

    /// Names the command or event that led to this command.
    #[must_use]
    pub fn with_causation(self, id: impl Into<Option<Uuid>>) -> Self {
        Self { causation_id: id.into(), ..self }
    }
}

/// The outcome of a command. No variant is a failure; those are [`StoreError`].
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<R> {
    /// The command is durable, now or since an earlier sending.
    Accepted(Accepted),
    /// The command was refused, and nothing was written.
    Refused(Refusal<R>),
}

/// The reason for which a command was refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Refusal<R> {
    /// The domain rejects the command.
    Rejected {
        /// The domain's reason.
        rejection: R,
        /// The version that this was decided on; 0 when the aggregate does not exist.
        version: Version,
    },
    /// A change since the expected version matters to this command.
    Conflict {
        /// The newest version.
        current_version: Version,
        /// The change sets between the expected version and the newest; empty when the expected
        /// version does not exist yet. An author a thousand versions or 8 MiB of bodies behind gets
        /// the first of them: that is a conflict, whatever they say.
        since: Vec<ChangeSet>,
    },
    /// The id was already used for another command.
    CommandIdReused {
        /// The version of that other command.
        version: Version,
    },
    /// The domain allows the command, and it changes nothing: [`Aggregate::decide`] gave no events.
    /// No change set is written, because nothing would happen in that version, and a repeat is
    /// decided anew. As part of a transaction it refuses the whole.
    NoChange {
        /// The version that this was decided on.
        version: Version,
    },
}

impl<R> Outcome<R> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Accepted(Accepted { duplicate: true, .. }) => "duplicate",
            Self::Accepted(_) => "accepted",
            Self::Refused(refusal) => refusal.name(),
        }
    }
}

impl<R> Refusal<R> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::Conflict { .. } => "conflict",
            Self::CommandIdReused { .. } => "command-id-reused",
            Self::NoChange { .. } => "no-change",
        }
    }
}

/// A command that was accepted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Accepted {
    /// The change set that the command became.
    pub change_set: ChangeSet,
    /// `true` if an earlier sending was accepted.
    pub duplicate: bool,
    /// The number of lost races, after each of which the command was decided again.
    pub retries: u32,
}

/// Handles commands to one kind of aggregate on a store. Cheap to clone; clones share their heads.
///
/// Heads are cached, so that in the steady state a command costs one conditional put. A cached head
/// may be stale when others also write. One that is not cached is read eventually consistent, at
/// half the price ([`crate::Reach::Eventual`]), and may be stale too; the put's condition detects
/// that. Before it *refuses* a command on such a head, the handler reads what is newer, so that no
/// refusal rests on a stale state.
#[derive(Debug)]
pub struct CommandHandler<A: Aggregate, S: Store> {
    store: S,
    slots: Arc<Slots<A>>,
    handover: Handover,
}

impl<A: Aggregate, S: Store> Clone for CommandHandler<A, S> {
    fn clone(&self) -> Self {
        let (slots, handover) = (Arc::clone(&self.slots), self.handover.clone());
        Self { store: self.store.clone(), slots, handover }
    }
}

impl<A: Aggregate, S: Store> CommandHandler<A, S> {
    /// A handler that keeps at most this many heads in memory.
    pub fn new(store: S, cached_heads: NonZeroUsize) -> Self {
        Self { store, slots: Arc::new(Slots::new(cached_heads)), handover: Handover::default() }
    }

    /// A handler on the store of this feed, to which it hands every change set that it commits. If
    /// it cannot know whether a change set was committed, because the store failed or the caller
    /// was cancelled, the feed reads the store.
    ///
    /// Without a feed, the handler's caller must do the same: [`Feed::commit`] after each
    /// acceptance, [`Feed::doubt`] after each failure. A change set that no feed hears of is
    /// missing from it until [`Feed::reconcile`].
    ///
    /// ```
    /// # use std::num::NonZeroUsize;
    /// # use std::time::Duration;
    /// # use event_store::feed::{Feed, Pace};
    /// # use event_store::handler::{CommandHandler, Envelope};
    /// # use event_store::{Aggregate, Context, MemoryStore, Timestamp};
    /// # use serde::{Deserialize, Serialize};
    /// # use uuid::Uuid;
    /// # #[derive(Clone, Debug, Default, Serialize, Deserialize)]
    /// # struct Bell;
    /// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    /// # #[serde(tag = "type", content = "data")]
    /// # enum Command { Ring {} }
    /// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    /// # #[serde(tag = "type", content = "data")]
    /// # enum Event { Rung {} }
    /// # #[derive(Clone, Debug, thiserror::Error)]
    /// # enum Rejection {}
    /// # impl Aggregate for Bell {
    /// #     const KIND: &'static str = "bell";
    /// #     type Command = Command;
    /// #     type Event = Event;
    /// #     type Rejection = Rejection;
    /// #     fn decide(&self, _: &Command, _: &Context) -> Result<Vec<Event>, Rejection> {
    /// #         Ok(vec![Event::Rung {}])
    /// #     }
    /// #     fn evolve(self, _: &Event) -> Self { self }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let feed = Feed::open(MemoryStore::default(), Pace::ALONE).await?;
    /// let bells = CommandHandler::<Bell, _>::with_feed(feed.clone(), NonZeroUsize::MIN);
    /// let mut entries = feed.subscribe(0);
    ///
    /// let (command_id, bell) = (Uuid::now_v7(), Uuid::now_v7());
    /// let ring = Envelope::new(
    ///     command_id,
    ///     bell,
    ///     Command::Ring {},
    ///     "ada@example.com",
    ///     Timestamp::from_millis(0),
    /// );
    /// bells.execute(&ring).await?;
    ///
    /// let Some(entry) = entries.next().await else { panic!("the feed has ended") };
    /// let entry = entry?;
    /// assert_eq!((entry.position, entry.change_set.content().command_id), (1, command_id));
    /// # feed.finish().await;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "feed")]
    pub fn with_feed(feed: Feed<S>, cached_heads: NonZeroUsize) -> Self
    where
        S: FeedStore,
    {
        let handler = Self::new(feed.store().clone(), cached_heads);
        Self { handover: Handover::to(feed), ..handler }
    }

    /// The store behind this handler.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Loads the newest head of an aggregate, or its head `as_of` a version, as [`Head::load`]
    /// does. After reading far back, it saves a snapshot for later loads.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn load(&self, id: Uuid, as_of: Option<Version>) -> Result<Head<A>, StoreError> {
        let reach = Reach::back_from::<A>(as_of);
        load(&self.store, id, reach).await.map(|(head, _)| head)
    }

    /// Loads an aggregate as of a moment: [`Head::load_at`].
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn load_at(&self, id: Uuid, moment: Timestamp) -> Result<Head<A>, StoreError> {
        Head::load_at(&self.store, id, moment).await
    }

    /// Handles one command. Commands to the same aggregate queue here, first come first served.
    ///
    /// # Errors
    /// [`StoreError`]. It may then be unknown whether the command was accepted; retrying it is
    /// safe.
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

    /// Returns whether this command was taken before, so that [`CommandHandler::execute`] would
    /// return its first outcome. Writes nothing.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn is_repeat(&self, envelope: &Envelope<A::Command>) -> Result<bool, StoreError> {
        let mut attempt = Attempt::begin(self, envelope.clone()).await?;
        let is_repeat = attempt.is_repeat().await?;
        attempt.end();
        Ok(is_repeat)
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
            let doubt = self.handover.doubt([&change_set.aggregate]);
            let appended = self.store.append(&change_set).await?;
            doubt.dispel();
            match appended {
                Appended::Written => break Outcome::Accepted(attempt.win(change_set, false)?),
                // Another process wrote the same command in the same millisecond.
                Appended::Again => break Outcome::Accepted(attempt.win(change_set, true)?),
                Appended::Taken(winner) => attempt.lose(*winner).await?,
            }
        };
        attempt.end();
        // A repeat is handed over as well: the first sending may have been cut off before that.
        if let Outcome::Accepted(accepted) = &outcome {
            self.handover.commit(&accepted.change_set);
        }
        Ok(outcome)
    }
}

/// Loads a head with the change sets that were read for it, and saves a snapshot after a long read.
/// Imported histories, and those whose snapshots have another schema, have none to start from.
async fn load<A: Aggregate>(
    store: &impl Store,
    id: Uuid,
    reach: Reach,
) -> Result<(Head<A>, Vec<ChangeSet>), StoreError> {
    let (head, tail) = Head::load_with_tail(store, id, reach).await?;
    if tail.len() as Version > 2 * SNAPSHOT_EVERY {
        keep_snapshot(store, &head);
    }
    Ok((head, tail))
}

/// Saves a snapshot off the path of the command. A failure is only logged, and without a runtime
/// nothing is saved: loads do not depend on it.
fn keep_snapshot<A: Aggregate>(store: &impl Store, head: &Head<A>) {
    let Ok(runtime) = Handle::try_current() else { return };
    let (store, snapshot) = (store.clone(), head.snapshot());
    runtime.spawn(async move {
        let saved = match snapshot {
            Ok(snapshot) => store.save_snapshot(&snapshot).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = saved {
            full_disk::tell_or(&error, || tracing::warn!(%error, "a snapshot could not be saved"));
        }
    });
}
