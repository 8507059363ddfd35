//! One command's way through the handler: decided on the newest known state, and again whenever
//! that turns out to be stale.

use tokio::sync::OwnedMutexGuard;
use tracing::debug_span;
use tracing::field::Empty;
use uuid::Uuid;

use super::{
    Accepted, CommandHandler, Envelope, Outcome, Refusal, SNAPSHOT_EVERY, keep_snapshot, load,
};
use crate::{
    Aggregate, AggregateId, ChangeSet, Context, Head, Lookup, PAGE_BYTES, Page, Reach, Store,
    StoreError, Tagged, Timestamp, Version, spans,
};

/// The number of change sets that an author may be behind, unless their bodies reach [`PAGE_BYTES`]
/// first. Changes since then are read, kept and reported up to here.
const FAR_BEHIND: usize = 1000;
/// The number of change sets on one page of a search for an old command id.
const SEARCH_PAGE: usize = 100;

/// A command that has its aggregate to itself within this process.
pub(super) struct Attempt<A: Aggregate, S> {
    store: S,
    /// Empty until the attempt ends, so that a failure or a dropped future leaves nothing rather
    /// than a guess.
    slot: OwnedMutexGuard<Option<Head<A>>>,
    envelope: Envelope<A::Command>,
    head: Head<A>,
    knowledge: Knowledge,
    /// The first outcome, if the head shows that this command id was taken before.
    repeated: Option<Outcome<A::Rejection>>,
    /// The change sets since the expected version, ascending and without a gap.
    since: Vec<ChangeSet>,
    /// The size of their bodies, in bytes.
    since_bytes: usize,
    retries: u32,
}

/// The origin of the head in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    /// Read for this command, consistently.
    Current,
    /// Left by an earlier command, read eventually consistent, or advanced by a lost race: it may
    /// be stale.
    Earlier,
    /// Not read: the command begins aggregates, so there is probably no history.
    Assumed,
}

/// The result of a command on the known state.
pub(super) enum Proposal<R> {
    /// This change set, if it can be appended.
    Append(ChangeSet),
    /// Nothing to append: the command was taken before, or it is refused.
    Settled(Outcome<R>),
}

impl<A: Aggregate, S: Store> Attempt<A, S> {
    /// Waits for its turn, then takes the cached head, loads one, or assumes that there is none.
    pub(super) async fn begin(
        handler: &CommandHandler<A, S>,
        envelope: Envelope<A::Command>,
    ) -> Result<Self, StoreError> {
        let store = handler.store.clone();
        let mut slot = handler.slots.of(envelope.aggregate).lock_owned().await;
        let (head, knowledge) = match slot.take() {
            Some(head) => (head, Knowledge::Earlier),
            None => (Head::empty(envelope.aggregate), Knowledge::Assumed),
        };
        // An author who has had a version in view knows that the aggregate exists.
        let begins = A::begins(&envelope.command) && envelope.expected_version.unwrap_or(0) == 0;
        let mut attempt = Self {
            store,
            slot,
            envelope,
            head,
            knowledge,
            repeated: None,
            since: Vec::new(),
            since_bytes: 0,
            retries: 0,
        };
        if knowledge == Knowledge::Earlier {
            attempt.place(&[]).await?;
        } else if !begins {
            attempt.read(Knowledge::Earlier).await?;
        }
        Ok(attempt)
    }

    /// Reads the head, of which nothing is known: at half the price, unless it has to be the
    /// newest.
    async fn read(&mut self, knowledge: Knowledge) -> Result<(), StoreError> {
        let schema = A::STATE_SCHEMA;
        let reach = match knowledge {
            Knowledge::Current => Reach::Head { schema },
            Knowledge::Earlier | Knowledge::Assumed => Reach::Eventual { schema },
        };
        let id = self.envelope.aggregate;
        let (head, tail) = load(&self.store, id, reach).await?;
        (self.head, self.knowledge) = (head, knowledge);
        self.place(&tail).await
    }

    /// Relates the command to the head: whether it was taken before, and which change sets its
    /// author has not seen. `tail` may hold the newest of them.
    async fn place(&mut self, tail: &[ChangeSet]) -> Result<(), StoreError> {
        self.look_for_repeat(tail).await?;
        if self.repeated.is_none() {
            self.catch_up_to_expectation(tail).await?;
        }
        Ok(())
    }

    /// Returns whether the newest state shows that the command was taken before.
    pub(super) async fn is_repeat(&mut self) -> Result<bool, StoreError> {
        if self.repeated.is_none() && self.knowledge != Knowledge::Current {
            match self.head.version {
                0 => self.read(Knowledge::Current).await?,
                _ => self.refresh().await?,
            }
        }
        Ok(matches!(self.repeated, Some(Outcome::Accepted(_))))
    }

    /// Returns the change set to append, or the outcome if it is settled already. No refusal rests
    /// on a head that may be stale.
    pub(super) async fn propose(&mut self) -> Result<Proposal<A::Rejection>, StoreError> {
        loop {
            if let Some(outcome) = &self.repeated {
                return Ok(Proposal::Settled(outcome.clone()));
            }
            match self.decide() {
                Decision::Append(events, context) => {
                    let change_set = ChangeSet::seal::<A>(
                        self.head.aggregate().clone(),
                        self.head.version + 1,
                        self.head.hash,
                        &self.envelope.command,
                        &events,
                        &context,
                    )?;
                    return Ok(Proposal::Append(change_set));
                }
                Decision::Refuse(refusal) if self.knowledge == Knowledge::Current => {
                    return Ok(Proposal::Settled(Outcome::Refused(refusal)));
                }
                // There may be a history after all. A load uses its snapshot; `refresh` would read
                // every version.
                Decision::Refuse(_) if self.head.version == 0 => {
                    self.read(Knowledge::Current).await?;
                }
                Decision::Refuse(_) => self.refresh().await?,
            }
        }
    }

    /// Folds in the proposed change set, which has been appended or is a `duplicate`.
    pub(super) fn win(
        &mut self,
        change_set: ChangeSet,
        duplicate: bool,
    ) -> Result<Accepted, StoreError> {
        self.fold(&change_set)?;
        self.snapshot_when_due();
        let retries = if duplicate { 0 } else { self.retries };
        Ok(Accepted { change_set, duplicate, retries })
    }

    /// Folds in the winner of a conflict, which is in hand, so that no read is needed. The chain
    /// still has to hold. The winner over an assumption is a first version, perhaps far from the
    /// newest: it may show a repeat, but is never taken for a head.
    pub(super) async fn lose(&mut self, winner: ChangeSet) -> Result<(), StoreError> {
        let aggregate: AggregateId = winner.aggregate.clone();
        crate::verify_chain(&aggregate, self.head.version, self.head.hash, [&winner])
            .map_err(|broken| StoreError::broken(&aggregate, broken))?;
        if self.knowledge == Knowledge::Assumed {
            if winner.content().command_id != self.envelope.command_id {
                return self.read(Knowledge::Current).await;
            }
            return self.repeat(winner);
        }
        self.fold(&winner)?;
        self.look_for_repeat(std::slice::from_ref(&winner)).await?;
        self.tell(winner);
        self.retries += 1;
        self.knowledge = Knowledge::Earlier;
        // After two lost races the head may be far behind. One read catches up, rather than a put
        // per version.
        if self.retries > 1 && self.repeated.is_none() {
            self.refresh().await?;
        }
        Ok(())
    }

    /// Leaves the head to the next command.
    pub(super) fn end(mut self) {
        if self.head.version > 0 {
            *self.slot = Some(self.head);
        }
    }

    pub(super) fn aggregate(&self) -> &AggregateId {
        self.head.aggregate()
    }

    fn decide(&self) -> Decision<A> {
        let span = debug_span!(
            target: spans::TARGET, "decide",
            kind = A::KIND, id = %self.envelope.aggregate, version = self.head.version,
            command = Tagged::encode(&self.envelope.command).ok().map(|command| command.name),
            outcome = Empty
        );
        let decision = span.in_scope(|| self.decided());
        span.record(
            "outcome",
            match &decision {
                Decision::Append(..) => "accepted",
                Decision::Refuse(refusal) => refusal.name(),
            },
        );
        decision
    }

    fn decided(&self) -> Decision<A> {
        let Self { envelope, head, since, .. } = self;
        let conflict = || {
            let since = since.clone();
            Decision::Refuse(Refusal::Conflict { current_version: head.version, since })
        };
        // Nobody can have had a version of a missing aggregate in view. The domain's rejection of
        // the command comes before that conflict.
        let expects = envelope.expected_version.is_some();
        let ahead = envelope.expected_version.is_some_and(|expected| expected > head.version);
        if ahead && head.version > 0 {
            return conflict();
        }
        if expects && (self.is_far_behind() || since.iter().any(|c| self.matters(c))) {
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
            Ok(events) if events.is_empty() => {
                Decision::Refuse(Refusal::NoChange { version: head.version })
            }
            Ok(events) => Decision::Append(events, context),
            Err(rejection) => {
                Decision::Refuse(Refusal::Rejected { rejection, version: head.version })
            }
        }
    }

    /// Returns whether a change set matters to the command. An unreadable one does: better to ask a
    /// person than to guess.
    fn matters(&self, change_set: &ChangeSet) -> bool {
        change_set.events::<A>().map_or(true, |events| {
            events.iter().any(|event| A::conflicts_with(&self.envelope.command, event))
        })
    }

    /// Checks whether this command was taken before, as far as the head in hand knows.
    async fn look_for_repeat(&mut self, tail: &[ChangeSet]) -> Result<(), StoreError> {
        let id = self.envelope.command_id;
        let taken = match self.head.commands.find(id) {
            Lookup::Absent => return Ok(()),
            Lookup::Taken(version) => {
                let there = match tail.iter().find(|c| c.version == version) {
                    Some(in_hand) => Some(in_hand.clone()),
                    None => {
                        let page = Page::After { version: version - 1, limit: 1 };
                        self.store.change_sets(self.head.aggregate(), page).await?.pop()
                    }
                };
                let own = there.filter(|c| c.version == version && c.content().command_id == id);
                Some(own.ok_or_else(|| self.missing(version))?)
            }
            Lookup::Older { before, until } => self.search(id, before, until).await?,
        };
        taken.map_or(Ok(()), |change_set| self.repeat(change_set))
    }

    /// Settles a command whose id was taken before, by this change set: for it, or for another one.
    fn repeat(&mut self, change_set: ChangeSet) -> Result<(), StoreError> {
        let taken = change_set.command::<A>().map_err(|error| {
            StoreError::unreadable(&change_set.aggregate, change_set.version, error)
        })?;
        self.repeated = Some(if taken == self.envelope.command {
            Outcome::Accepted(Accepted { change_set, duplicate: true, retries: 0 })
        } else {
            Outcome::Refused(Refusal::CommandIdReused { version: change_set.version })
        });
        Ok(())
    }

    /// Searches the versions older than `before` for a command, back to the moment `until`. The
    /// head remembers what is read on the way, as other late commands will follow.
    async fn search(
        &mut self,
        command_id: Uuid,
        mut before: Version,
        until: Option<Timestamp>,
    ) -> Result<Option<ChangeSet>, StoreError> {
        while before > 1 {
            let page = Page::Before { version: before, limit: SEARCH_PAGE };
            let older = self.store.change_sets(self.head.aggregate(), page).await?;
            if older.is_empty() {
                return Err(self.missing(before - 1));
            }
            for change_set in older {
                // A missing version may be the one searched for.
                if change_set.version != before - 1 {
                    return Err(self.missing(before - 1));
                }
                before = change_set.version;
                self.head.commands.reach_back(&change_set);
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

    /// Gets the change sets between the expected version and the head in hand, which may matter:
    /// from `tail` if it holds all of them, otherwise from the store.
    async fn catch_up_to_expectation(&mut self, tail: &[ChangeSet]) -> Result<(), StoreError> {
        let newest = self.head.version;
        let mut seen = self.envelope.expected_version.unwrap_or(newest);
        if tail.first().is_some_and(|oldest| oldest.version - 1 <= seen) {
            tail.iter().filter(|c| c.version > seen).cloned().for_each(|c| self.tell(c));
            return Ok(());
        }
        while seen < newest && !self.is_far_behind() {
            let page = Page::After { version: seen, limit: SEARCH_PAGE };
            let newer = self.store.change_sets(self.head.aggregate(), page).await?;
            if newer.is_empty() {
                return Err(self.missing(seen + 1));
            }
            for change_set in newer {
                if seen == newest {
                    break;
                }
                if change_set.version != seen + 1 {
                    return Err(self.missing(seen + 1));
                }
                seen = change_set.version;
                self.tell(change_set);
            }
        }
        Ok(())
    }

    /// Brings the head in hand up to date.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        let Head { version, hash, .. } = self.head;
        let reach = Reach::Since { version, hash };
        let newer = self.store.load(self.head.aggregate(), reach).await?.change_sets;
        for change_set in &newer {
            self.fold(change_set)?;
        }
        self.knowledge = Knowledge::Current;
        self.look_for_repeat(&newer).await?;
        for change_set in newer {
            if self.envelope.expected_version.is_some_and(|seen| seen < change_set.version) {
                self.tell(change_set);
            }
        }
        Ok(())
    }

    fn fold(&mut self, change_set: &ChangeSet) -> Result<(), StoreError> {
        self.head.apply(change_set).map_err(|error| error.at(change_set))
    }

    /// Adds a change set to `since`, up to the bound that is reported.
    fn tell(&mut self, change_set: ChangeSet) {
        if !self.is_far_behind() {
            self.since_bytes += change_set.body().len();
            self.since.push(change_set);
        }
    }

    fn is_far_behind(&self) -> bool {
        self.since.len() >= FAR_BEHIND || self.since_bytes >= PAGE_BYTES
    }

    /// The error for a version that the head in hand builds on and the store no longer has.
    fn missing(&self, version: Version) -> StoreError {
        StoreError::corrupt(self.head.aggregate(), version, "is missing")
    }

    fn snapshot_when_due(&self) {
        if self.head.version.is_multiple_of(SNAPSHOT_EVERY) {
            keep_snapshot(&self.store, &self.head);
        }
    }
}

enum Decision<A: Aggregate> {
    Append(Vec<A::Event>, Context),
    Refuse(Refusal<A::Rejection>),
}
