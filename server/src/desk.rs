//! The desk: the single entry point for both the HTTP interface and the screens.

mod batch;
mod feed;
mod journal;
mod lists;
mod sample;
mod transaction;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use api::wire::{CommandAccepted, CommandRequest};
use api::{Caller, Code, Desk, Fault, ListPage, Problem, Reading, SampleProgress};
use async_trait::async_trait;
use domain::list::ListRequest;
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::Accepted;
use event_store::{AggregateId, ChangeSet, Page, Timestamp, Version};
use tokio::sync::RwLock;
use tracing::Instrument;

pub use lists::{Lists, Start};

use crate::aggregates::{ReceivedCommand, Registry, Service};
use crate::ahead::Ahead;
use crate::http::ids::insist_on_ids;
use crate::problems;
use crate::sample::SampleCompany;

/// The desk of this process. Cheap to clone.
#[derive(Clone)]
pub struct FrontDesk {
    kinds: Registry,
    store: DynamoDbStore,
    lists: Lists,
    sample: SampleCompany,
    /// Held for reading by every command in flight. Closing the desk locks it for writing, which
    /// waits for these commands and lets no other begin.
    in_flight: Arc<RwLock<Open>>,
}

/// The state of the desk: open or closed to commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Yes,
    Closed,
}

impl fmt::Debug for FrontDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontDesk").finish_non_exhaustive()
    }
}

impl FrontDesk {
    /// Creates a desk on this store, with these lists of its contents.
    pub fn new(store: DynamoDbStore, lists: Lists) -> Self {
        Self {
            kinds: Registry::new(&store),
            store,
            lists,
            sample: SampleCompany::default(),
            in_flight: Arc::new(RwLock::new(Open::Yes)),
        }
    }

    /// Sets the number of cached heads of each kind. The desk must not have taken a command yet.
    #[must_use]
    pub fn caching(self, heads: NonZeroUsize) -> Self {
        Self { kinds: Registry::caching(&self.store, heads), ..self }
    }

    /// Returns the kinds that the desk hosts.
    pub fn kinds(&self) -> &Registry {
        &self.kinds
    }

    /// Returns the lists that the desk serves.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// Checks that the store answers and the read model has caught up.
    ///
    /// # Errors
    /// A [`Problem`] that says what is missing.
    pub async fn ready(&self) -> Result<(), Problem> {
        if !self.lists.is_caught_up() {
            return Err(problems::unavailable(
                "the read model is catching up; the log says how far",
            ));
        }
        self.lists.has_room()?;
        self.store.ping().await.map_err(|error| problems::of_store(&error))
    }

    /// Returns the time by which recorded changes are ahead of this machine's clock. The times in a
    /// record never decrease, so its new changes repeat the latest until the clock reaches it.
    ///
    /// # Errors
    /// The lists cannot be read.
    pub(crate) async fn ahead_of_clock(&self) -> Result<Ahead, read_model::Error> {
        Ok(Ahead::of(self.lists.latest_change().await?, now()))
    }

    /// Closes the desk to commands, waits for those in flight, and brings the lists up to date.
    pub async fn finish(&self) {
        *self.in_flight.write().await = Open::Closed;
        self.lists.finish().await;
    }

    /// Executes one command under the name `actor`, as of `now`. Once begun, it runs to its end,
    /// even if nobody waits for the answer.
    ///
    /// # Errors
    /// The reason why the command was not accepted.
    pub async fn take_up(
        &self,
        request: CommandRequest,
        actor: &str,
        now: Timestamp,
    ) -> Result<CommandAccepted, Problem> {
        insist_on_ids(&request)?;
        let received = ReceivedCommand { request, actor: actor.to_owned(), now };
        self.see_through(|desk, open| async move { desk.carry_out(received, open).await }).await
    }

    /// Runs the work to its end, even if nobody waits for the answer, and before the desk closes.
    async fn see_through<T, W>(
        &self,
        work: impl FnOnce(Self, Open) -> W + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, Problem>> + Send,
    {
        let desk = self.clone();
        let finishing = async move {
            let in_flight = Arc::clone(&desk.in_flight);
            let open = in_flight.read().await;
            work(desk, *open).await
        };
        let finished = tokio::spawn(finishing.in_current_span()).await;
        finished.unwrap_or_else(|error| Err(problems::defect(&error)))
    }

    async fn carry_out(
        &self,
        received: ReceivedCommand,
        open: Open,
    ) -> Result<CommandAccepted, Problem> {
        let begun = Instant::now();
        let entry = journal::PendingLine::of(&received.request);
        let aggregate = received.request.aggregate.clone();
        let taken = match self.kinds.accepting_commands(&received.request.aggregate.kind) {
            _ if open == Open::Closed => Err(stopping()),
            Ok(kind) => self.take(&*kind, received).await,
            Err(problem) => Err(problem),
        };
        entry.close(taken.as_ref(), begun.elapsed());
        // The command may have been committed all the same, and its sender may never repeat it.
        let taken = taken.inspect_err(|problem| {
            if problem.is_unknown_outcome() {
                self.lists.doubt(&aggregate);
            }
        });
        Ok(answer(taken?))
    }

    async fn take(
        &self,
        kind: &dyn Service,
        received: ReceivedCommand,
    ) -> Result<Accepted, Problem> {
        self.check_references(kind, &received).await?;
        match kind.claim(&received.request) {
            Some(_) => self.take_with_claim(received).await,
            None => self.take_alone(kind, &received).await,
        }
    }

    /// Checks that the records that the command refers to exist and are in use, unless the command
    /// was taken before: its first outcome stands, whatever has become of them since.
    async fn check_references(
        &self,
        kind: &dyn Service,
        received: &ReceivedCommand,
    ) -> Result<(), Problem> {
        for aggregate in kind.references(&received.request) {
            let admitted = self.kinds.named(&aggregate.kind)?.admits_references(aggregate.id).await;
            match admitted {
                Err(problem) if problem.is(Code::Rejected) => {
                    return if kind.is_repeat(received).await? { Ok(()) } else { Err(problem) };
                }
                admitted => admitted?,
            }
        }
        Ok(())
    }

    /// Executes one command. The lists learn of a repeat, too: its first outcome may have been lost
    /// on them as well as on the sender.
    async fn take_alone(
        &self,
        kind: &dyn Service,
        received: &ReceivedCommand,
    ) -> Result<Accepted, Problem> {
        let accepted = kind.execute(received).await?;
        self.lists.commit(&accepted.change_set);
        Ok(accepted)
    }
}

fn answer(Accepted { change_set, duplicate, .. }: Accepted) -> CommandAccepted {
    let content = change_set.content();
    CommandAccepted {
        aggregate: change_set.aggregate.clone(),
        version: change_set.version,
        events: content.events.iter().map(Into::into).collect(),
        hash: change_set.hash,
        duplicate,
    }
}

fn stopping() -> Problem {
    problems::unavailable("the server is stopping")
}

#[async_trait]
impl Desk for FrontDesk {
    async fn execute(
        &self,
        caller: &Caller,
        request: CommandRequest,
    ) -> Result<CommandAccepted, Problem> {
        self.take_up(request, &caller.name, now()).await
    }

    async fn record(
        &self,
        aggregate: &AggregateId,
        version: Option<Version>,
    ) -> Result<Reading, Problem> {
        self.kinds.named(&aggregate.kind)?.readable_state(aggregate.id, version).await
    }

    async fn timeline(
        &self,
        aggregate: &AggregateId,
        newest: Version,
        limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem> {
        self.kinds.named(&aggregate.kind)?.readable(aggregate.id, newest, limit).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, Problem> {
        self.kinds.named(&aggregate.kind)?.change_sets(aggregate.id, page).await
    }

    async fn list(&self, kind: &str, request: ListRequest) -> Result<ListPage, Problem> {
        self.kinds.accepting_commands(kind)?;
        match self.lists.list(kind, &request).await {
            Err(late) if late.is(Code::Unavailable) => Err(self.reason_for(late).await),
            answered => answered,
        }
    }

    async fn load_sample(&self) -> Result<SampleProgress, Problem> {
        self.sample.load_in_background(self).await
    }

    async fn sample_progress(&self) -> Result<SampleProgress, Problem> {
        Ok(self.sample.progress())
    }
}

/// Reads the clock. No other reading of it is recorded.
fn now() -> Timestamp {
    SystemTime::now().into()
}
