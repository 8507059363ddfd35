//! `/api/v1/commands` and `/api/v1/commands/batch`

use api::wire::{BatchRequest, CommandAccepted, CommandRequest};
use api::{Caller, Desk, Problem};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::FrontDesk;
use crate::http::json::Json;
use crate::http::problem::ProblemDocument;
use crate::openapi::CORRUPT;

/// The description of the 503 of a command or a batch.
const NOT_NOW: &str = "`unavailable`: the store does not answer; or `disk-full`: nothing was \
    recorded; or `newer-version`: a newer Daybook wrote this history, so update the server. Safe \
    to repeat after `retry-after` seconds";

/// Executes one command.
#[utoipa::path(
    post,
    path = "/api/v1/commands",
    tag = "commands",
    request_body = CommandRequest,
    responses(
        (status = 201, description = "Accepted", body = CommandAccepted),
        (status = 200, description = "Accepted before: the first outcome again",
            body = CommandAccepted),
        (status = 400, description = "`malformed`: says where"),
        (status = 403, description = "`forbidden`: posted by a page of another site"),
        (status = 404, description = "`unknown-kind` or `unknown-aggregate`"),
        (status = 409, description = "`conflict`, with `current_version` and `since`; or \
            `command-id-reused`"),
        (status = 413, description = "`too-large`: the body, or the change set it would become"),
        (status = 415, description = "`unsupported-media-type`: not JSON"),
        (status = 422, description = "`rejected`: a rule forbids it; `rejection` says which, with \
            figures (for `sku-taken`: the `item` that has the SKU). If a record that the command \
            refers to is unknown or out of use, `refers_to` says which"),
        (status = 500, description = CORRUPT),
        (status = 503, description = NOT_NOW),
    ),
)]
pub(super) async fn post(
    State(desk): State<FrontDesk>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<CommandRequest>,
) -> Result<(StatusCode, axum::Json<CommandAccepted>), ProblemDocument> {
    let accepted = desk.execute(&caller, request).await?;
    Ok((status_of(&accepted), axum::Json(accepted)))
}

/// The outcomes of the commands of a batch, in their order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum BatchResults {
    /// All commands were accepted.
    Together {
        /// The answer to each command, as if it had been sent alone.
        results: Vec<CommandAccepted>,
    },
    /// Each command was executed by itself.
    Each {
        /// The answer to each command, with the status that it would have had alone.
        results: Vec<BatchResult>,
    },
}

/// The outcome of one command of a batch that is not atomic.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct BatchResult {
    /// The status that the command would have had alone.
    status: u16,
    #[serde(flatten)]
    outcome: BatchOutcome,
}

/// The answer to the command, or its problem.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum BatchOutcome {
    /// The command was accepted, now or earlier.
    Accepted(CommandAccepted),
    /// The command was not accepted.
    Refused {
        /// The problem.
        problem: Problem,
    },
}

/// Executes several commands: all together or not at all, or each by itself.
///
/// A batch that is not atomic continues after a command that is refused. After one whose outcome is
/// unknown (its status is 500 or 503), or on a full disk, it tries no further command: each of the
/// rest gets a 503, and the whole batch can be sent again as it is.
#[utoipa::path(
    post,
    path = "/api/v1/commands/batch",
    tag = "commands",
    request_body = BatchRequest,
    responses(
        (status = 201, description = "Atomic: all were accepted", body = BatchResults),
        (status = 200, description = "Atomic: all had been accepted before. Not atomic: the outcome of \
            each",
            body = BatchResults),
        (status = 400, description = "`malformed`: says where; in an atomic batch also an aggregate \
            that is named twice"),
        (status = 403, description = "`forbidden`: posted by a page of another site"),
        (status = 404, description = "Atomic: `unknown-kind` or `unknown-aggregate` of the command at \
            `index`"),
        (status = 409, description = "Atomic: `conflict` or `command-id-reused` of the command at \
            `index`"),
        (status = 413, description = "`too-large`: the body, or the change sets it would become"),
        (status = 415, description = "`unsupported-media-type`: not JSON"),
        (status = 422, description = "Atomic: `rejected`, the command at `index`"),
        (status = 500, description = CORRUPT),
        (status = 503, description = NOT_NOW),
    ),
)]
pub(super) async fn batch(
    State(desk): State<FrontDesk>,
    Extension(caller): Extension<Caller>,
    Json(BatchRequest { commands, atomic }): Json<BatchRequest>,
) -> Result<(StatusCode, axum::Json<BatchResults>), ProblemDocument> {
    if atomic {
        let results = desk.take_up_together(&caller, commands).await?;
        let done_before = results.iter().all(|accepted| accepted.duplicate);
        let status = if done_before { StatusCode::OK } else { StatusCode::CREATED };
        return Ok((status, axum::Json(BatchResults::Together { results })));
    }
    let results = desk.take_up_each(&caller, commands).await?;
    let results = results.into_iter().map(BatchResult::from).collect();
    Ok((StatusCode::OK, axum::Json(BatchResults::Each { results })))
}

impl From<Result<CommandAccepted, Problem>> for BatchResult {
    fn from(result: Result<CommandAccepted, Problem>) -> Self {
        match result {
            Ok(accepted) => Self {
                status: status_of(&accepted).as_u16(),
                outcome: BatchOutcome::Accepted(accepted),
            },
            Err(problem) => {
                Self { status: problem.status, outcome: BatchOutcome::Refused { problem } }
            }
        }
    }
}

fn status_of(accepted: &CommandAccepted) -> StatusCode {
    if accepted.duplicate { StatusCode::OK } else { StatusCode::CREATED }
}
