use domain::inventory_item::Task;
use event_store::ChangeSet;
use leptos::prelude::*;
use uuid::Uuid;

use super::{ConflictStory, Icon, Prose};
use crate::problem::{Code, Problem};
use crate::record::Draft;
use crate::task_form::Verdict;
use crate::text::{refusal, stated};

/// What stood against a form the last time it was sent.
#[component]
pub fn OutcomeNotice(
    /// The form.
    draft: Draft,
    /// What it would do now.
    verdict: Memo<Verdict>,
    /// The item.
    id: Uuid,
) -> impl IntoView {
    let Draft { problem, task, .. } = draft;
    let still_valid = Signal::derive(move || matches!(&*verdict.read(), Verdict::Allowed { .. }));
    move || {
        problem.get().map(|problem| {
            if problem.is(Code::Conflict) {
                let since = since(&problem);
                view! { <ConflictStory id since still_valid/> }.into_any()
            } else {
                view! { <BadNews task problem verdict/> }.into_any()
            }
        })
    }
}

#[component]
fn BadNews(task: Task, problem: Problem, verdict: Memo<Verdict>) -> impl IntoView {
    let (icon, title, advice) = if problem.is(Code::Offline) {
        ("offline", "Not sent: the server cannot be reached", KEPT)
    } else if problem.is(Code::Unavailable) {
        ("offline", "Not confirmed: the store does not answer", KEPT)
    } else if problem.is_unknown_outcome() {
        ("warning", "Not confirmed: something went wrong on the server", KEPT)
    } else {
        ("warning", not_done(task), "What you typed is kept.")
    };
    // A field's fault reads better by the field's label than by its name in the command.
    let detail = match &*verdict.read_untracked() {
        Verdict::Incomplete(fault, _) | Verdict::Invalid(fault) => fault.message.clone(),
        Verdict::Refused(no) if no.to_string() == problem.detail => refusal(no),
        _ => stated(&problem.detail),
    };
    let detail = (!problem.is_unknown_outcome()).then_some(detail);
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name=icon/>
            <h2>{title}</h2>
            {detail.map(|detail| view! { <p><Prose text=detail/></p> })}
            <p>{advice}</p>
        </div>
    }
    .into_any()
}

const KEPT: &str =
    "Nothing is lost: what you typed is kept. Sending it again is safe; it is recorded once.";

const fn not_done(task: Task) -> &'static str {
    match task {
        Task::Create => "Not created",
        Task::CheckIn => "Not checked in",
        Task::Remove => "Not removed",
        Task::Adjust => "Not adjusted",
        Task::Rename => "Not renamed",
        Task::ChangeMaximum | Task::SetReorderLevel => "Not changed",
        Task::Deactivate => "Not deactivated",
        Task::Reactivate => "Not reactivated",
        Task::WriteOffRemaining => "Not written off",
    }
}

/// The change sets that a conflict names.
fn since(problem: &Problem) -> Vec<ChangeSet> {
    let since = problem.more.get("since").cloned().unwrap_or_default();
    serde_json::from_value(since).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conflict_names_its_change_sets_in_the_long_form_of_the_wire() {
        let body = r#"{"command_id":"019a96c4-2d51-7c10-9f3e-5a60c2b7e911","command":{"type":"X","data":{}},"events":[{"type":"Y","data":{}}],"actor":"Mara","reason":null,"recorded_at":"2026-11-18T10:42:07.113Z","correlation_id":"019a96c4-2d51-7c10-9f3e-5a60c2b7e911","causation_id":null,"rules":1}"#;
        let hash = "0".repeat(64);
        let since_then = json!([{
            "aggregate": {"kind": "inventory-item", "id": "019a96c4-2d51-7c10-9f3e-5a60c2b7e911"},
            "version": 7, "actor": "not read: the body is", "prev": hash, "hash": hash, "body": body,
        }]);
        let problem = Problem::new(Code::Conflict, "…").with("since", since_then);
        let found: Vec<_> = since(&problem);
        assert_eq!(found.iter().map(|c| c.content().actor.as_str()).collect::<Vec<_>>(), ["Mara"]);
    }

    #[test]
    fn a_conflict_that_names_none_tells_none() {
        assert!(since(&Problem::new(Code::Conflict, "…")).is_empty());
    }
}
