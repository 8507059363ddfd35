use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::wire::{CommandAccepted, CommandRequest};
use api::{Code, ListPage, Problem, SampleProgress};
use async_trait::async_trait;
use domain::list::ListRequest;
use event_store::{AggregateId, Timestamp};

use super::plan::{Planned, plan};
use crate::problems;

/// The maximum size of a page of a list.
const PAGE: u32 = 200;

/// The part of the desk that a load needs.
#[async_trait]
pub trait SampleDesk: Clone + Send + Sync + 'static {
    /// Executes a command under the name `actor`, as of `now`.
    async fn take_up(
        &self,
        request: CommandRequest,
        actor: &str,
        now: Timestamp,
    ) -> Result<CommandAccepted, Problem>;

    /// Returns a page of the list of a kind.
    async fn list(&self, kind: &str, request: &ListRequest) -> Result<ListPage, Problem>;
}

/// A load of the sample company. Cheap to clone; clones share its progress.
#[derive(Clone, Debug)]
pub struct SampleCompany {
    plan: Arc<[Planned]>,
    progress: Arc<Mutex<SampleProgress>>,
}

impl Default for SampleCompany {
    fn default() -> Self {
        let plan: Arc<[Planned]> = plan().into();
        let progress = SampleProgress { total: plan.len() as u64, ..SampleProgress::default() };
        Self { plan, progress: Arc::new(Mutex::new(progress)) }
    }
}

impl SampleCompany {
    /// Returns the progress of the load.
    pub fn progress(&self) -> SampleProgress {
        *self.lock()
    }

    /// Sends every command of the plan through the desk, in order, each under the name and the time
    /// of the plan. A repeat changes nothing, so the load may be interrupted and repeated at will.
    ///
    /// # Errors
    /// `rejected` when there are records that are not the sample's, or the problem of the
    /// first command that is not accepted.
    pub async fn load(&self, desk: &impl SampleDesk) -> Result<(), Problem> {
        self.start(desk).await?;
        self.send(desk).await
    }

    /// Loads the sample company in the background, and returns the progress so far.
    ///
    /// # Errors
    /// `rejected` when there are records that are not the sample's.
    pub async fn load_in_background(
        &self,
        desk: &impl SampleDesk,
    ) -> Result<SampleProgress, Problem> {
        if !self.progress().running && self.start(desk).await? {
            let (sample, desk) = (self.clone(), desk.clone());
            tokio::spawn(async move {
                if let Err(problem) = sample.send(&desk).await {
                    tracing::error!(%problem, "the sample company is not loaded to its end");
                }
            });
        }
        Ok(self.progress())
    }

    /// Starts a load. Returns whether the caller has to carry it out, because no other load is
    /// running.
    async fn start(&self, desk: &impl SampleDesk) -> Result<bool, Problem> {
        self.insist_on_no_others(desk).await?;
        let mut progress = self.lock();
        let started = !progress.running;
        if started {
            (progress.running, progress.done) = (true, 0);
        }
        Ok(started)
    }

    async fn send(&self, desk: &impl SampleDesk) -> Result<(), Problem> {
        let sent = async {
            for planned in self.plan.iter() {
                let Planned { actor, recorded_at, .. } = *planned;
                desk.take_up(request(planned)?, actor, recorded_at).await?;
                self.lock().done += 1;
            }
            Ok(())
        };
        let sent = sent.await;
        self.lock().running = false;
        sent
    }

    /// Refuses when there are other records: nothing can ever be removed, so the sample must not mix
    /// with somebody's records.
    async fn insist_on_no_others(&self, desk: &impl SampleDesk) -> Result<(), Problem> {
        let ours: HashSet<_> = self.plan.iter().map(|planned| &planned.aggregate).collect();
        let kinds: BTreeSet<_> = ours.iter().map(|aggregate| &aggregate.kind).collect();
        for kind in kinds {
            let mut list = ListRequest { limit: PAGE, ..ListRequest::default() };
            loop {
                let page = desk.list(kind, &list).await?;
                let of = |id| AggregateId { kind: kind.clone(), id };
                if page.rows.iter().any(|row| !ours.contains(&of(row.id))) {
                    let detail = "there are other records already; the sample company needs an \
                                  empty inventory";
                    return Err(Problem::new(Code::Rejected, detail));
                }
                list.after = page.next;
                if list.after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, SampleProgress> {
        // No update can panic halfway, so that the value behind a poisoned lock is sound.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request(planned: &Planned) -> Result<CommandRequest, Problem> {
    let command = serde_json::to_value(&planned.command).and_then(serde_json::from_value);
    Ok(CommandRequest {
        command_id: planned.command_id,
        aggregate: planned.aggregate.clone(),
        expected_version: None,
        command: command.map_err(|error| problems::defect(&error))?,
        correlation_id: Some(planned.correlation_id),
        causation_id: None,
    })
}
