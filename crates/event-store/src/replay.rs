use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Aggregate, AggregateId, ChainBreak, ChangeSet, DecodeError, Hash, Head, Timestamp, UpcastError,
    Version, verify_chain,
};

/// The number of versions between two kept states, which bounds the work of one scrub step.
const KEYFRAME_EVERY: usize = 64;

/// A history that gives the state at any version, at a cost that does not grow with its length.
#[derive(Clone, Debug)]
pub struct Replay<A: Aggregate> {
    events: Vec<Vec<A::Event>>,
    /// The states after versions 0, 64, 128, …
    keyframes: Vec<A>,
    /// The state after all versions.
    head: A,
}

/// A version whose events cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("version {version} cannot be read: {source}")]
pub struct ReplayError {
    /// The version.
    pub version: Version,
    /// The reason.
    pub source: DecodeError,
}

impl<A: Aggregate> Default for Replay<A> {
    fn default() -> Self {
        Self { events: Vec::new(), keyframes: vec![A::default()], head: A::default() }
    }
}

impl<A: Aggregate> Replay<A> {
    /// Replays a history from version 1.
    ///
    /// # Errors
    /// The first version that cannot be read.
    pub fn new<'a>(
        change_sets: impl IntoIterator<Item = &'a ChangeSet>,
    ) -> Result<Self, ReplayError> {
        let mut replay = Self::default();
        for change_set in change_sets {
            replay.push(change_set)?;
        }
        Ok(replay)
    }

    /// Adds the next version.
    ///
    /// # Errors
    /// When its events cannot be read; the replay is then unchanged.
    pub fn push(&mut self, change_set: &ChangeSet) -> Result<(), ReplayError> {
        let events = change_set
            .events::<A>()
            .map_err(|source| ReplayError { version: change_set.version, source })?;
        self.head = events.iter().fold(std::mem::take(&mut self.head), A::evolve);
        self.events.push(events);
        if self.events.len().is_multiple_of(KEYFRAME_EVERY) {
            self.keyframes.push(self.head.clone());
        }
        Ok(())
    }

    /// The newest version in the replay.
    pub fn version(&self) -> Version {
        self.events.len() as Version
    }

    /// The state after all versions.
    pub fn head(&self) -> &A {
        &self.head
    }

    /// The state after a version, or after the newest if that version does not exist yet.
    pub fn at(&self, version: Version) -> A {
        let wanted = usize::try_from(version).unwrap_or(usize::MAX).min(self.events.len());
        if wanted == self.events.len() {
            return self.head.clone();
        }
        let keyframe = wanted / KEYFRAME_EVERY;
        let state = self.keyframes.get(keyframe).cloned().unwrap_or_default();
        self.events[keyframe * KEYFRAME_EVERY..wanted].iter().flatten().fold(state, A::evolve)
    }

    /// The events of one version; empty if it does not exist.
    pub fn events(&self, version: Version) -> &[A::Event] {
        let place = version.checked_sub(1).and_then(|p| usize::try_from(p).ok());
        place.and_then(|p| self.events.get(p)).map_or(&[], Vec::as_slice)
    }
}

/// The result of checking a whole history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verification {
    /// `true` if the chain and the replay of every command hold.
    pub ok: bool,
    /// The last version that was checked and holds.
    pub version: Version,
    /// That version's hash.
    pub hash: Hash,
    /// The first version that does not hold.
    pub failed_at: Option<Version>,
    /// The kind of failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The problem, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The way in which a version fails verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// The history was altered: the bytes are not those that were hashed, or a version is missing,
    /// out of place or recorded earlier than the one before it.
    ChainBroken,
    /// The bytes hold, but the command, decided again, gives other events or a rejection. A program
    /// with other rules wrote it, or the rules changed without a new [`Aggregate::RULES`].
    DecidedDifferently,
    /// The bytes hold, but this program does not know a schema or a type in them: a newer version
    /// wrote it, or an upcaster is gone. Only a program that knows them can tell whether the
    /// history holds.
    SchemaUnknown,
    /// The bytes hold, but the command was decided by rules that this program does not know
    /// ([`Aggregate::RULES`]), and gives other events by those that it knows. Only a newer version
    /// of the program can tell whether the history holds.
    RulesUnknown,
    /// The command or an event cannot be read.
    Unreadable,
}

enum Failure {
    Chain(ChainBreak),
    Unreadable(DecodeError),
    OtherEvents,
    Rejected(String),
    NewerRules(u32),
    Earlier,
}

impl Failure {
    fn reason(&self) -> Reason {
        match self {
            Self::Chain(_) | Self::Earlier => Reason::ChainBroken,
            Self::Unreadable(DecodeError::Upcast(
                UpcastError::Newer { .. } | UpcastError::Gone { .. },
            )) => Reason::SchemaUnknown,
            Self::Unreadable(_) => Reason::Unreadable,
            Self::OtherEvents | Self::Rejected(_) => Reason::DecidedDifferently,
            Self::NewerRules(_) => Reason::RulesUnknown,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(broken) => broken.fmt(f),
            Self::Unreadable(error) => error.fmt(f),
            Self::OtherEvents => f.write_str("its command, decided again, gives different events"),
            Self::Rejected(why) => write!(f, "its command, decided again, is rejected: {why}"),
            Self::NewerRules(rules) => {
                write!(
                    f,
                    "its command was decided by rules {rules}, which this program does not know"
                )
            }
            Self::Earlier => f.write_str("it is recorded earlier than the version before it"),
        }
    }
}

/// Verifies a whole history from version 1: the chain holds, and each command, decided again on the
/// state before it, gives exactly the recorded events.
pub fn verify<'a, A: Aggregate>(
    aggregate: &AggregateId,
    change_sets: impl IntoIterator<Item = &'a ChangeSet>,
) -> Verification {
    let mut verifier = Verifier::<A>::new(aggregate.clone());
    verifier.check(change_sets);
    verifier.verification()
}

/// Runs [`verify`] piece by piece, for histories too long to hold in memory.
#[derive(Clone, Debug)]
pub struct Verifier<A> {
    aggregate: AggregateId,
    state: A,
    version: Version,
    hash: Hash,
    /// `recorded_at` of that version.
    recorded_at: Timestamp,
    problem: Option<(Reason, String)>,
}

impl<A: Aggregate> Verifier<A> {
    /// A verifier for a history from version 1.
    pub fn new(aggregate: AggregateId) -> Self {
        let (state, recorded_at) = (A::default(), Timestamp::default());
        Self { aggregate, state, version: 0, hash: Hash::ZERO, recorded_at, problem: None }
    }

    /// A verifier for a history that has been verified up to this head.
    pub fn after(head: Head<A>) -> Self {
        let aggregate = head.aggregate().clone();
        let Head { state, version, hash, updated_at: recorded_at, .. } = head;
        Self { aggregate, state, version, hash, recorded_at, problem: None }
    }

    /// Checks the next change sets, up to the first that does not hold.
    pub fn check<'a>(&mut self, change_sets: impl IntoIterator<Item = &'a ChangeSet>) {
        for change_set in change_sets {
            if self.problem.is_some() {
                return;
            }
            let checked = verify_chain(&self.aggregate, self.version, self.hash, [change_set])
                .map_err(Failure::Chain)
                .and_then(|_| self.in_time(change_set))
                .and_then(|()| decide_again(std::mem::take(&mut self.state), change_set));
            match checked {
                Ok(next) => {
                    self.state = next;
                    (self.version, self.hash) = (change_set.version, change_set.hash);
                    self.recorded_at = change_set.content().recorded_at;
                }
                Err(failure) => self.problem = Some((failure.reason(), failure.to_string())),
            }
        }
    }

    /// Checks that `recorded_at` does not decrease. Handlers ensure this, so only a forged version
    /// is earlier.
    fn in_time(&self, change_set: &ChangeSet) -> Result<(), Failure> {
        let is_earlier = self.version > 0 && change_set.content().recorded_at < self.recorded_at;
        if is_earlier { Err(Failure::Earlier) } else { Ok(()) }
    }

    /// Records that the next version cannot even be read.
    pub fn fail(&mut self, problem: String) {
        self.problem.get_or_insert((Reason::Unreadable, problem));
    }

    /// The result so far.
    pub fn verification(&self) -> Verification {
        Verification {
            ok: self.problem.is_none(),
            version: self.version,
            hash: self.hash,
            failed_at: self.problem.as_ref().map(|_| self.version + 1),
            reason: self.problem.as_ref().map(|(reason, _)| *reason),
            problem: self.problem.as_ref().map(|(_, problem)| problem.clone()),
        }
    }
}

fn decide_again<A: Aggregate>(state: A, change_set: &ChangeSet) -> Result<A, Failure> {
    let command = change_set.command::<A>().map_err(Failure::Unreadable)?;
    let events = change_set.events::<A>().map_err(Failure::Unreadable)?;
    let context = change_set.context();
    match state.decide(&command, &context) {
        Ok(decided) if decided == events => Ok(events.iter().fold(state, A::evolve)),
        Ok(_) | Err(_) if context.rules > A::RULES => Err(Failure::NewerRules(context.rules)),
        Ok(_) => Err(Failure::OtherEvents),
        Err(rejection) => Err(Failure::Rejected(rejection.to_string())),
    }
}
