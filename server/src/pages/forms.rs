//! The forms that a page without JavaScript posts. On success the browser is redirected to the
//! item. Otherwise the same page comes back with the reason and the input, under the status of the
//! problem.

use std::collections::HashSet;

use api::wire::CommandRequest;
use api::{Caller, Code, Problem};
use app::kind::{KindRef, RecordRef, RecordTask};
use app::kinds::first_listing;
use app::record::new_request;
use app::task_form::Fields;
use app::views::FormOutcome;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::kind::Place;
use event_store::Version;
use serde::Deserialize;
use uuid::Uuid;

use super::render::Renderer;
use crate::http::form::Form;
use crate::http::problem::ProblemDocument;
use crate::http::query::Query;
use crate::problems;

/// A form's fields, in the order of the form.
type Posted = Form<Vec<(String, String)>>;

#[derive(Deserialize)]
pub(super) struct WhichTask {
    task: Option<String>,
}

/// `POST /inventory/{id}?task=…`
pub(super) async fn perform_task(
    kind: KindRef,
    State(renderer): State<Renderer>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(which): Query<WhichTask>,
    uri: Uri,
    Form(posted): Posted,
) -> Result<Response, ProblemDocument> {
    let fields = each_once(posted)?;
    let task = which.task.as_deref().and_then(|slug| kind.task(slug));
    let task = task.filter(|task| task.place != Place::OwnPage);
    let (Some(task), Ok(id)) = (task, Uuid::parse_str(&id)) else {
        let mut page = renderer.page(uri, None).await;
        if page.status().is_success() {
            *page.status_mut() = StatusCode::BAD_REQUEST;
        }
        return Ok(page);
    };
    Ok(take_up(&renderer, &caller, uri, task, RecordRef { kind, id }, fields).await)
}

/// `POST /inventory/new`
pub(super) async fn create(
    kind: KindRef,
    State(renderer): State<Renderer>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    Form(posted): Posted,
) -> Result<Response, ProblemDocument> {
    let fields = each_once(posted)?;
    let id = Uuid::parse_str(fields.get("aggregate_id")).unwrap_or_default();
    let task = kind.creation().ok_or_else(|| problems::malformed("", "nothing is created here"))?;
    Ok(take_up(&renderer, &caller, uri, task, RecordRef { kind, id }, fields).await)
}

/// Collects the fields of a form, and refuses a field that appears twice. Readers of forms disagree
/// about a repeated field: some keep the first value, some the last.
fn each_once(posted: Vec<(String, String)>) -> Result<Fields, Problem> {
    let mut names = HashSet::new();
    if let Some((name, _)) = posted.iter().find(|(name, _)| !names.insert(name)) {
        return Err(problems::malformed("", format!("the field `{name:.100}` appears twice")));
    }
    Ok(posted.into_iter().collect())
}

/// `POST /sample`
pub(super) async fn load_sample(State(renderer): State<Renderer>) -> Response {
    match renderer.desk.load_sample().await {
        // A rejection means that an inventory exists already.
        Ok(_) => to_first_list(),
        Err(problem) if problem.is(Code::Rejected) => to_first_list(),
        Err(problem) => ProblemDocument(problem).into_response(),
    }
}

fn to_first_list() -> Response {
    Redirect::to(first_listing().path).into_response()
}

async fn take_up(
    renderer: &Renderer,
    caller: &Caller,
    uri: Uri,
    task: RecordTask,
    at: RecordRef,
    fields: Fields,
) -> Response {
    let done = match request(task, at, &fields) {
        Ok(request) => renderer.desk.execute(caller, request).await.map(|_| ()),
        Err(problem) => Err(problem),
    };
    match done {
        Ok(()) => Redirect::to(&at.href()).into_response(),
        Err(problem) => {
            let outcome = come_back(task, at.id, fields, problem);
            renderer.page(uri, Some(outcome)).await
        }
    }
}

/// Converts the form to a command. The page of the form made its ids, so that a form sent twice is
/// one command.
fn request(task: RecordTask, at: RecordRef, fields: &Fields) -> Result<CommandRequest, Problem> {
    let command_id = Uuid::parse_str(fields.get("command_id")).unwrap_or_default();
    if command_id.is_nil() || at.id.is_nil() {
        let detail = "the form is incomplete; send it again from this page";
        return Err(Problem::new(Code::Malformed, detail));
    }
    let rejected = |detail: String| Problem::new(Code::Rejected, detail);
    let command = at.kind.command(task, fields).map_err(|fault| rejected(fault.message))?;
    let request = new_request(at.aggregate(), expected_version(fields)?, command);
    Ok(CommandRequest { command_id, ..request })
}

/// Returns the version that the author had in view. An unparsable version must not skip the check.
fn expected_version(fields: &Fields) -> Result<Option<Version>, Problem> {
    match fields.get("expected_version").trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let detail = format!("“{text}” is not a version; send the form again from this page");
            Problem::new(Code::Malformed, detail)
        }),
    }
}

/// Builds the form to send back. It keeps its command id while the outcome of the command is
/// unknown; after a known outcome, the next submission is another command.
fn come_back(task: RecordTask, id: Uuid, fields: Fields, problem: Problem) -> FormOutcome {
    let kept = Uuid::parse_str(fields.get("command_id")).ok();
    let command_id = kept.filter(|_| problem.is_unknown_outcome()).unwrap_or_else(Uuid::now_v7);
    let aggregate_id =
        if id.is_nil() || problem.is(Code::CommandIdReused) { Uuid::now_v7() } else { id };
    FormOutcome { task: task.slug.to_owned(), fields, command_id, aggregate_id, problem }
}
