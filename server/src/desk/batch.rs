//! Several commands in one request.

use std::time::Instant;

use api::wire::{CommandAccepted, CommandRequest};
use api::{Caller, Code, Problem};
use event_store::{TOGETHER, Timestamp};
use tracing::Instrument;

use super::transaction::Declined;
use super::{FrontDesk, Open, answer, journal, now, stopping};
use crate::aggregates::ReceivedCommand;
use crate::http::ids::insist_on_ids;
use crate::problems;

impl FrontDesk {
    /// Executes the caller's commands one after the other, each by itself, and returns the outcome
    /// of each. After a command with an unknown outcome, or on a full disk, the rest is not tried,
    /// or a repeat could execute the commands in another order. Once begun, the batch runs to its
    /// end, even if nobody waits for the answer.
    ///
    /// # Errors
    /// `malformed` when the batch is empty or too large; no command is executed then.
    pub async fn take_up_each(
        &self,
        caller: &Caller,
        requests: Vec<CommandRequest>,
    ) -> Result<Vec<Result<CommandAccepted, Problem>>, Problem> {
        check_size(&requests)?;
        let actor = caller.name.clone();
        self.see_through(|desk, open| async move { Ok(desk.each(requests, &actor, open).await) })
            .await
    }

    async fn each(
        &self,
        requests: Vec<CommandRequest>,
        actor: &str,
        open: Open,
    ) -> Vec<Result<CommandAccepted, Problem>> {
        let mut results: Vec<Result<CommandAccepted, Problem>> = Vec::with_capacity(requests.len());
        let mut untried = None;
        for request in requests {
            let result = match &untried {
                Some(problem) => Err(Problem::clone(problem)),
                None => self.one_of(request, actor, open).await,
            };
            if untried.is_none() {
                untried = result.as_ref().err().and_then(after);
            }
            results.push(result);
        }
        results
    }

    /// Executes one command under the read lock that is held for the whole batch. A second read
    /// lock would deadlock: it queues behind a waiting writer, which waits for the batch. A task of
    /// its own keeps a panic in one command from costing the others their answers.
    async fn one_of(
        &self,
        request: CommandRequest,
        actor: &str,
        open: Open,
    ) -> Result<CommandAccepted, Problem> {
        insist_on_ids(&request)?;
        let received = ReceivedCommand { request, actor: actor.to_owned(), now: now() };
        let desk = self.clone();
        let taken = async move { desk.carry_out(received, open).await };
        let taken = tokio::spawn(taken.in_current_span()).await;
        taken.unwrap_or_else(|error| Err(problems::defect(&error)))
    }

    /// Executes the caller's commands on different aggregates, all of them or none.
    ///
    /// # Errors
    /// The problem of the batch, or that of the first refused command, with its `index`.
    pub async fn take_up_together(
        &self,
        caller: &Caller,
        requests: Vec<CommandRequest>,
    ) -> Result<Vec<CommandAccepted>, Problem> {
        check_size(&requests)?;
        for (index, request) in requests.iter().enumerate() {
            insist_on_ids(request).map_err(|problem| of_command(index, problem))?;
        }
        let (actor, now) = (caller.name.clone(), now());
        self.see_through(move |desk, open| async move {
            desk.transact(requests, &actor, now, open).await
        })
        .await
    }

    async fn transact(
        &self,
        requests: Vec<CommandRequest>,
        actor: &str,
        now: Timestamp,
        open: Open,
    ) -> Result<Vec<CommandAccepted>, Problem> {
        let begun = Instant::now();
        let entries: Vec<_> = requests.iter().map(journal::PendingLine::of).collect();
        let aggregates: Vec<_> = requests.iter().map(|request| request.aggregate.clone()).collect();
        let receive = |request| ReceivedCommand { request, actor: actor.to_owned(), now };
        let received = requests.into_iter().map(receive).collect();
        let taken = match open {
            Open::Yes => self.take_together(received).await.map_err(of_batch),
            Open::Closed => Err(stopping()),
        };
        match taken {
            Ok(accepted) => {
                let each = entries.into_iter().zip(accepted);
                Ok(each
                    .map(|(entry, accepted)| {
                        entry.close(Ok(&accepted), begun.elapsed());
                        answer(accepted)
                    })
                    .collect())
            }
            Err(problem) => {
                entries.into_iter().for_each(|entry| entry.close(Err(&problem), begun.elapsed()));
                if problem.is_unknown_outcome() {
                    aggregates.iter().for_each(|aggregate| self.lists.doubt(aggregate));
                }
                Err(problem)
            }
        }
    }
}

/// Returns the problem of the remaining commands when this one prevents trying them.
fn after(problem: &Problem) -> Option<Problem> {
    if problem.is(Code::DiskFull) {
        return Some(problems::disk_full());
    }
    let away =
        || problems::unavailable("not tried, because the outcome of an earlier command is unknown");
    problem.is_unknown_outcome().then(away)
}

fn check_size(requests: &[CommandRequest]) -> Result<(), Problem> {
    if (1..=TOGETHER).contains(&requests.len()) {
        return Ok(());
    }
    let detail = format!("holds {} commands; expected 1 to {TOGETHER}", requests.len());
    Err(problems::malformed("/commands", detail))
}

fn of_batch(declined: Declined) -> Problem {
    match declined {
        Declined::One { index, problem } => of_command(index, problem),
        Declined::All(problem) => problem,
    }
}

/// Returns the problem of one command in a batch. A pointer into the command becomes a pointer into
/// the batch.
fn of_command(index: usize, problem: Problem) -> Problem {
    let problem = match problem.more.get("pointer").and_then(serde_json::Value::as_str) {
        Some(pointer) if problem.is(Code::Malformed) => {
            let place = format!("/commands/{index}{pointer}");
            let detail = problem.detail.replacen(pointer, &place, 1);
            Problem { detail, ..problem }.with("pointer", place)
        }
        _ => problem,
    };
    problem.with("index", index)
}
