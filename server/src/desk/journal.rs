//! One log line and the metrics of each command.

use std::time::Duration;

use api::wire::CommandRequest;
use api::{Code, Problem};
use event_store::AggregateId;
use event_store::handler::Accepted;
use uuid::Uuid;

use crate::telemetry::metrics;

/// A command in execution.
pub(super) struct PendingLine {
    command: String,
    command_id: Uuid,
    aggregate: AggregateId,
}

impl PendingLine {
    pub(super) fn of(request: &CommandRequest) -> Self {
        Self {
            command: request.command.name.clone(),
            command_id: request.command_id,
            aggregate: request.aggregate.clone(),
        }
    }

    /// Records the outcome of the command.
    pub(super) fn close(self, taken: Result<&Accepted, &Problem>, duration: Duration) {
        let (outcome, version, retries) = match taken {
            Ok(Accepted { change_set, duplicate, retries, .. }) => {
                let outcome = if *duplicate { "duplicate" } else { "accepted" };
                (outcome, Some(change_set.version), *retries)
            }
            Err(problem) => (&*problem.code, None, 0),
        };
        let Self { command, command_id, aggregate } = self;
        metrics::command(&aggregate.kind, &command, outcome, retries, duration);
        if taken.is_err_and(|problem| problem.is(Code::DiskFull)) {
            // The log is often on the same disk, and has one line a minute that says so.
            return;
        }
        let rejection = taken.err().and_then(rejection_code);
        // Escaped: a client's text must not break out of its log line.
        tracing::info!(
            kind = %aggregate.kind.escape_debug(),
            "type" = %command.escape_debug(),
            id = %aggregate.id,
            %command_id,
            version,
            outcome,
            rejection,
            retries,
            duration_ms = duration.as_secs_f64() * 1e3,
            "command"
        );
    }
}

fn rejection_code(problem: &Problem) -> Option<&str> {
    problem.more.get("rejection")?.get("code")?.as_str()
}
