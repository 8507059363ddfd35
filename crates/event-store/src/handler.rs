//! From a command to a change set: decide, append, and when another was faster, fold in what it did
//! and decide again.

mod slots;

use std::num::NonZeroUsize;
use std::sync::Arc;

use uuid::Uuid;

use crate::{
    Aggregate, AggregateId, Appended, ChangeSet, Context, Head, Lookup, Page, Reach, Store,
    StoreError, Timestamp, Version,
};
use slots::Slots;

/// Change sets between two snapshots. A load reads at most this many and a few more.
const SNAPSHOT_EVERY: Version = 50;
/// How far an author may be behind. What happened since is read, kept and told up to here.
const FAR_BEHIND: usize = 1000;
/// How many change sets one page of a search for an old command id holds.
const SEARCH_PAGE: usize = 100;

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

/// One command's way through the handler: the head it is decided on, and what it has met.
struct Attempt<A> {
    head: Head<A>,
    /// Whether the head is known to be the newest as of this command.
    fresh: bool,
    /// Change sets folded in since the expected version, ascending and without a hole.
    since: Vec<ChangeSet>,
    retries: u32,
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
        let slot = self.slots.of(envelope.aggregate);
        let mut cached = slot.lock().await;
        // Taken out, so that a failure or a dropped future leaves nothing rather than a guess.
        let (head, fresh) = match cached.take() {
            Some(head) => (head, false),
            None => (Head::load(&self.store, envelope.aggregate, None).await?, true),
        };
        let mut attempt = Attempt { head, fresh, since: Vec::new(), retries: 0 };
        let outcome = self.carry_out(envelope, &mut attempt).await?;
        if attempt.head.version > 0 {
            *cached = Some(attempt.head);
        }
        Ok(outcome)
    }

    async fn carry_out(
        &self,
        envelope: &Envelope<A::Command>,
        attempt: &mut Attempt<A>,
    ) -> Result<Outcome<A::Rejection>, StoreError> {
        if let Some(outcome) = self.repeated(envelope, &attempt.head).await? {
            return Ok(outcome);
        }
        self.catch_up_to_expectation(envelope, attempt).await?;
        loop {
            let decided = decide(envelope, attempt);
            if !attempt.fresh && !matches!(decided, Decision::Append(..)) {
                self.refresh(envelope, attempt).await?;
                if let Some(outcome) = self.repeated(envelope, &attempt.head).await? {
                    return Ok(outcome);
                }
                continue;
            }
            let (events, context) = match decided {
                Decision::Append(events, context) => (events, context),
                Decision::Refuse(outcome) => return Ok(outcome),
            };
            let change_set = ChangeSet::seal::<A>(
                attempt.head.aggregate().clone(),
                attempt.head.version + 1,
                attempt.head.hash,
                &envelope.command,
                &events,
                &context,
            )?;
            match self.store.append(&change_set).await? {
                Appended::Written => {
                    attempt.fold(&change_set)?;
                    self.snapshot_when_due(&attempt.head);
                    let retries = attempt.retries;
                    return Ok(Outcome::Accepted(Accepted {
                        change_set,
                        duplicate: false,
                        retries,
                    }));
                }
                Appended::Taken(winner) => {
                    attempt.fold_winner(*winner)?;
                    if let Some(outcome) = self.repeated(envelope, &attempt.head).await? {
                        return Ok(outcome);
                    }
                }
            }
        }
    }

    /// The first outcome, when this command was taken before.
    async fn repeated(
        &self,
        envelope: &Envelope<A::Command>,
        head: &Head<A>,
    ) -> Result<Option<Outcome<A::Rejection>>, StoreError> {
        let id = envelope.command_id;
        let taken = match head.commands.find(id) {
            Lookup::Absent => return Ok(None),
            Lookup::Taken(version) => {
                let page = Page::After { version: version - 1, limit: 1 };
                let there = self.store.change_sets(head.aggregate(), page).await?.pop();
                let own = there.filter(|c| c.version == version && c.content().command_id == id);
                Some(own.ok_or_else(|| missing(head, version))?)
            }
            Lookup::Older { before, until } => self.search(head, id, before, until).await?,
        };
        let Some(change_set) = taken else { return Ok(None) };
        if change_set.command::<A>()? != envelope.command {
            return Ok(Some(Outcome::CommandIdReused { version: change_set.version }));
        }
        Ok(Some(Outcome::Accepted(Accepted { change_set, duplicate: true, retries: 0 })))
    }

    /// Looks for a command among versions older than `before`, back to the moment `until`.
    async fn search(
        &self,
        head: &Head<A>,
        command_id: Uuid,
        mut before: Version,
        until: Option<Timestamp>,
    ) -> Result<Option<ChangeSet>, StoreError> {
        while before > 1 {
            let page = Page::Before { version: before, limit: SEARCH_PAGE };
            let older = self.store.change_sets(head.aggregate(), page).await?;
            if older.is_empty() {
                return Err(missing(head, before - 1));
            }
            for change_set in older {
                // What is not there may be what is looked for.
                if change_set.version != before - 1 {
                    return Err(missing(head, before - 1));
                }
                before = change_set.version;
                let content = change_set.content();
                if content.command_id == command_id {
                    return Ok(Some(change_set));
                }
                if until.is_some_and(|until| content.recorded_at < until) {
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Reads the change sets between the expected version and the head in hand: they may matter.
    async fn catch_up_to_expectation(
        &self,
        envelope: &Envelope<A::Command>,
        attempt: &mut Attempt<A>,
    ) -> Result<(), StoreError> {
        let head = &attempt.head;
        let mut seen = envelope.expected_version.unwrap_or(head.version);
        while seen < head.version && !attempt.is_far_behind() {
            let page = Page::After { version: seen, limit: SEARCH_PAGE };
            let newer = self.store.change_sets(head.aggregate(), page).await?;
            if newer.is_empty() {
                return Err(missing(head, seen + 1));
            }
            for change_set in newer {
                if seen == head.version || attempt.is_far_behind() {
                    break;
                }
                if change_set.version != seen + 1 {
                    return Err(missing(head, seen + 1));
                }
                seen = change_set.version;
                attempt.since.push(change_set);
            }
        }
        Ok(())
    }

    /// Brings a cached head up to date.
    async fn refresh(
        &self,
        envelope: &Envelope<A::Command>,
        attempt: &mut Attempt<A>,
    ) -> Result<(), StoreError> {
        let Head { version, hash, .. } = attempt.head;
        let reach = Reach::Since { version, hash };
        let newer = self.store.load(attempt.head.aggregate(), reach).await?;
        for change_set in newer.change_sets {
            attempt.fold(&change_set)?;
            if envelope.expected_version.is_some_and(|expected| expected < change_set.version) {
                attempt.tell(change_set);
            }
        }
        attempt.fresh = true;
        Ok(())
    }

    /// Snapshots are written beside the command's path, and one that fails is not missed.
    fn snapshot_when_due(&self, head: &Head<A>) {
        if !head.version.is_multiple_of(SNAPSHOT_EVERY) {
            return;
        }
        let (store, snapshot) = (self.store.clone(), head.snapshot());
        tokio::spawn(async move {
            let saved = match snapshot {
                Ok(snapshot) => store.save_snapshot(&snapshot).await,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = saved {
                tracing::warn!(%error, "no snapshot was kept");
            }
        });
    }
}

enum Decision<A: Aggregate> {
    Append(Vec<A::Event>, Context),
    Refuse(Outcome<A::Rejection>),
}

fn decide<A: Aggregate>(envelope: &Envelope<A::Command>, attempt: &Attempt<A>) -> Decision<A> {
    let Attempt { head, since, .. } = attempt;
    let expects = envelope.expected_version.is_some();
    let conflict = || {
        let since = since.clone();
        Decision::Refuse(Outcome::Conflict { current_version: head.version, since })
    };
    // Of an aggregate that does not exist nobody has had a version in view: what the domain says of
    // nothing comes first.
    let ahead = envelope.expected_version.is_some_and(|expected| expected > head.version);
    if ahead && head.version > 0 {
        return conflict();
    }
    if expects && (attempt.is_far_behind() || since.iter().any(|c| matters::<A>(envelope, c))) {
        return conflict();
    }
    let context = Context {
        command_id: envelope.command_id,
        actor: envelope.actor.clone(),
        recorded_at: envelope.now.max(head.updated_at),
        rules: A::RULES,
        correlation_id: envelope.correlation_id.unwrap_or(envelope.command_id),
        causation_id: envelope.causation_id,
    };
    match head.state.decide(&envelope.command, &context) {
        Ok(_) if ahead => conflict(),
        Ok(events) => Decision::Append(events, context),
        Err(rejection) => Decision::Refuse(Outcome::Rejected { rejection, version: head.version }),
    }
}

/// A version that the head in hand has behind it, and that the store no longer has.
fn missing<A: Aggregate>(head: &Head<A>, version: Version) -> StoreError {
    StoreError::corrupt(head.aggregate(), version, "is missing")
}

/// A change set whose events cannot be read matters: better to ask a person than to guess.
fn matters<A: Aggregate>(envelope: &Envelope<A::Command>, change_set: &ChangeSet) -> bool {
    change_set.events::<A>().map_or(true, |events| {
        events.iter().any(|event| A::conflicts_with(&envelope.command, event))
    })
}

impl<A: Aggregate> Attempt<A> {
    /// Takes down what happened since, as long as anybody will hear of it.
    fn tell(&mut self, change_set: ChangeSet) {
        if !self.is_far_behind() {
            self.since.push(change_set);
        }
    }

    fn is_far_behind(&self) -> bool {
        self.since.len() >= FAR_BEHIND
    }

    fn fold(&mut self, change_set: &ChangeSet) -> Result<(), StoreError> {
        let aggregate = change_set.aggregate.clone();
        self.head
            .apply(change_set)
            .map_err(|error| StoreError::corrupt(&aggregate, change_set.version, error))
    }

    /// Another was faster: what it did is in hand, no read is needed. The chain still has to hold.
    fn fold_winner(&mut self, winner: ChangeSet) -> Result<(), StoreError> {
        let aggregate: AggregateId = winner.aggregate.clone();
        crate::verify_chain(&aggregate, self.head.version, self.head.hash, [&winner])
            .map_err(|broken| StoreError::broken(&aggregate, broken))?;
        self.fold(&winner)?;
        self.tell(winner);
        self.retries += 1;
        self.fresh = false;
        Ok(())
    }
}
