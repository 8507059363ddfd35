//! Commands to several aggregates, of any kinds, that are accepted all together or not at all.

use std::fmt;
use std::pin::Pin;

use tracing::field::Empty;
use tracing::{Instrument, debug_span};

use super::attempt::{Attempt, Proposal};
use super::handover::{Doubt, Handover};
use super::{Accepted, CommandHandler, Envelope, Outcome, Refusal};
use crate::{Aggregate, AggregateId, AppendedAll, ChangeSet, Store, StoreError, TOGETHER, spans};

/// One command's part in a transaction. `N` is the common type of the parts' refusals, whatever
/// their kinds; see [`CommandHandler::part`].
pub struct Part<S, N> {
    store: S,
    aggregate: AggregateId,
    handover: Handover,
    begin: Begin<N>,
}

/// Begins a part's attempt, which hands its commit over to this feed.
type Begin<N> = Box<dyn FnOnce(Handover) -> Later<'static, Box<dyn Member<N>>> + Send>;

impl<S, N> fmt::Debug for Part<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("aggregate", &self.aggregate).finish_non_exhaustive()
    }
}

/// The outcome of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Transacted<N> {
    /// All parts are durable, now or since an earlier sending; in the order of the parts.
    Accepted(Vec<Accepted>),
    /// One part was refused, so none was carried out.
    Refused {
        /// The index of that part, from 0.
        index: usize,
        /// The refusal.
        refusal: N,
    },
}

/// The error of a transaction that cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactError {
    /// Two parts address the same aggregate: one would have to be decided on a state that the other
    /// has not made yet.
    #[error(
        "parts {first} and {second} of one transaction address the same aggregate, {aggregate}"
    )]
    SameAggregate {
        /// The aggregate.
        aggregate: AggregateId,
        /// The index of one part, from 0.
        first: usize,
        /// The index of the other.
        second: usize,
    },
    /// Two parts come from handlers of different stores, which no single write reaches. Give every
    /// handler a clone of the same store.
    #[error(
        "parts {first} and {second} of one transaction belong to different stores: give their handlers clones of one store"
    )]
    DifferentStores {
        /// The index of one part, from 0.
        first: usize,
        /// The index of the other.
        second: usize,
    },
    /// The store failed. It may be unknown whether the transaction was carried out; retrying all of
    /// it is safe.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<A: Aggregate, S: Store> CommandHandler<A, S> {
    /// Makes this command a part of a transaction. `refusal` converts its refusal into what the
    /// caller of the transaction receives.
    pub fn part<N: Send + 'static>(
        &self,
        envelope: &Envelope<A::Command>,
        refusal: impl Fn(Refusal<A::Rejection>) -> N + Send + Sync + 'static,
    ) -> Part<S, N> {
        let (handler, envelope) = (self.clone(), envelope.clone());
        Part {
            store: self.store.clone(),
            aggregate: AggregateId::of::<A>(envelope.aggregate),
            handover: self.handover.clone(),
            begin: Box::new(|handover| {
                Box::pin(async move {
                    let attempt = Attempt::begin(&handler, envelope).await?;
                    Ok(Box::new(Begun { attempt, handover, refusal }) as Box<dyn Member<N>>)
                })
            }),
        }
    }
}

/// Handles commands to different aggregates together: each is decided as it would be alone, and one
/// write appends their change sets to the store of their handlers.
///
/// # Errors
/// [`TransactError`].
pub async fn transact<S: Store, N>(parts: Vec<Part<S, N>>) -> Result<Transacted<N>, TransactError> {
    let count = parts.len();
    let span = debug_span!(target: spans::TARGET, "transaction", parts = count, outcome = Empty);
    let result = take_together(parts).instrument(span.clone()).await;
    span.record(
        "outcome",
        match &result {
            Ok(Transacted::Accepted(_)) => "accepted",
            Ok(Transacted::Refused { .. }) => "refused",
            Err(TransactError::SameAggregate { .. }) => "same-aggregate",
            Err(TransactError::DifferentStores { .. }) => "different-stores",
            Err(TransactError::Store(error)) => spans::failed(error),
        },
    );
    result
}

async fn take_together<S: Store, N>(
    parts: Vec<Part<S, N>>,
) -> Result<Transacted<N>, TransactError> {
    if parts.len() > TOGETHER {
        return Err(StoreError::TooMany { count: parts.len() }.into());
    }
    let Some(Part { store, .. }) = parts.first() else {
        return Ok(Transacted::Accepted(Vec::new()));
    };
    let store = store.clone();
    if let Some(second) = parts.iter().position(|part| !part.store.is_same(&store)) {
        return Err(TransactError::DifferentStores { first: 0, second });
    }
    let mut members = begin(parts).await?;
    let outcome = loop {
        let proposed = match propose(&mut members).await? {
            Proposed::All(proposed) => proposed,
            Proposed::Refused { index, refusal } => break Transacted::Refused { index, refusal },
        };
        let new: Vec<_> = proposed.iter().filter_map(Step::to_append).cloned().collect();
        let doubt: Vec<_> = members.iter().map(|member| member.doubt()).collect();
        let appended = store.append_all(&new).await?;
        doubt.into_iter().for_each(Doubt::dispel);
        match appended {
            written @ (AppendedAll::Written | AppendedAll::Again) => {
                let duplicate = written == AppendedAll::Again;
                let steps = members.iter_mut().zip(proposed);
                let accepted = steps.map(|(member, step)| match step {
                    Step::Append(change_set) => member.win(change_set, duplicate),
                    Step::Repeated(earlier) => Ok(earlier),
                });
                break Transacted::Accepted(accepted.collect::<Result<_, _>>()?);
            }
            AppendedAll::Taken(winners) => {
                for winner in winners {
                    let loser = members.iter_mut().find(|m| *m.aggregate() == winner.aggregate);
                    if let Some(loser) = loser {
                        loser.lose(winner).await?;
                    }
                }
            }
        }
    };
    members.into_iter().for_each(|member| member.end());
    Ok(outcome)
}

/// Waits for each aggregate's turn. All transactions wait in the same order, so they cannot
/// deadlock.
async fn begin<S, N>(parts: Vec<Part<S, N>>) -> Result<Vec<Box<dyn Member<N>>>, TransactError> {
    // A part whose handler has no feed is handed to that of another part: a change set that no feed
    // hears of would be missing from it.
    let any = parts.iter().fold(Handover::default(), |any, part| any.or(&part.handover));
    let mut order: Vec<_> = parts.into_iter().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.aggregate.cmp(&other.aggregate));
    for pair in order.windows(2) {
        if let [(first, one), (second, other)] = pair
            && one.aggregate == other.aggregate
        {
            let (aggregate, first, second) = (one.aggregate.clone(), *first, *second);
            return Err(TransactError::SameAggregate { aggregate, first, second });
        }
    }
    let mut members = Vec::with_capacity(order.len());
    for (index, part) in order {
        members.push((index, (part.begin)(part.handover.or(&any)).await?));
    }
    members.sort_by_key(|(index, _)| *index);
    Ok(members.into_iter().map(|(_, member)| member).collect())
}

enum Proposed<N> {
    All(Vec<Step>),
    Refused { index: usize, refusal: N },
}

/// The step to take for one part.
enum Step {
    Append(ChangeSet),
    Repeated(Accepted),
}

impl Step {
    fn to_append(&self) -> Option<&ChangeSet> {
        match self {
            Self::Append(change_set) => Some(change_set),
            Self::Repeated(_) => None,
        }
    }
}

async fn propose<N>(members: &mut [Box<dyn Member<N>>]) -> Result<Proposed<N>, StoreError> {
    let mut steps = Vec::with_capacity(members.len());
    for (index, member) in members.iter_mut().enumerate() {
        match member.propose().await? {
            Ok(step) => steps.push(step),
            Err(refusal) => return Ok(Proposed::Refused { index, refusal }),
        }
    }
    Ok(Proposed::All(steps))
}

type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// An [`Attempt`] on any kind of aggregate.
trait Member<N>: Send {
    fn aggregate(&self) -> &AggregateId;
    /// See [`Handover::doubt`](super::handover::Handover::doubt).
    fn doubt(&self) -> Doubt;
    fn propose(&mut self) -> Later<'_, Result<Step, N>>;
    fn win(&mut self, change_set: ChangeSet, duplicate: bool) -> Result<Accepted, StoreError>;
    fn lose(&mut self, winner: ChangeSet) -> Later<'_, ()>;
    fn end(self: Box<Self>);
}

struct Begun<A: Aggregate, S, F> {
    attempt: Attempt<A, S>,
    handover: Handover,
    refusal: F,
}

impl<A, S, F, N> Member<N> for Begun<A, S, F>
where
    A: Aggregate,
    S: Store,
    F: Fn(Refusal<A::Rejection>) -> N + Send + Sync,
    N: Send,
{
    fn aggregate(&self) -> &AggregateId {
        self.attempt.aggregate()
    }

    fn doubt(&self) -> Doubt {
        self.handover.doubt([self.attempt.aggregate()])
    }

    fn propose(&mut self) -> Later<'_, Result<Step, N>> {
        Box::pin(async {
            Ok(match self.attempt.propose().await? {
                Proposal::Append(change_set) => Ok(Step::Append(change_set)),
                Proposal::Settled(Outcome::Accepted(earlier)) => {
                    self.handover.commit(&earlier.change_set);
                    Ok(Step::Repeated(earlier))
                }
                Proposal::Settled(Outcome::Refused(refusal)) => Err((self.refusal)(refusal)),
            })
        })
    }

    fn win(&mut self, change_set: ChangeSet, duplicate: bool) -> Result<Accepted, StoreError> {
        self.handover.commit(&change_set);
        self.attempt.win(change_set, duplicate)
    }

    fn lose(&mut self, winner: ChangeSet) -> Later<'_, ()> {
        Box::pin(self.attempt.lose(winner))
    }

    fn end(self: Box<Self>) {
        self.attempt.end();
    }
}
