use api::{Code, Problem};
use event_store::ChangeSet;
use leptos::prelude::*;

use super::{ConflictStory, Happenings, Icon, Prose};
use crate::kind::{RecordRef, RecordTask};
use crate::record::{Draft, Recorded, SubmissionOutcome};
use crate::task_form::Verdict;
use crate::text::stated;

/// The outcome of the last submission of a form.
#[component]
pub fn OutcomeNotice(
    /// The form.
    draft: Draft,
    /// The verdict on the form as it is now.
    verdict: Memo<Verdict>,
    /// The record.
    at: RecordRef,
    /// The change sets of others because of which the form is refused.
    #[prop(optional, into)]
    overtaken_by: Signal<Vec<ChangeSet>>,
) -> impl IntoView {
    let Draft { outcome, task, .. } = draft;
    move || {
        let since_opened = overtaken_by.get();
        let Some(outcome) = outcome.get() else {
            return (!since_opened.is_empty())
                .then(|| view! { <ConflictStory at since=since_opened verdict/> }.into_any());
        };
        Some(match outcome {
            SubmissionOutcome::Refused(problem) if problem.is(Code::Conflict) => {
                let since = since(&problem);
                view! { <ConflictStory at since verdict/> }.into_any()
            }
            SubmissionOutcome::Refused(problem) => {
                view! { <Refused task problem verdict at since_opened/> }.into_any()
            }
            SubmissionOutcome::Unknown(problem) => view! { <Unconfirmed problem/> }.into_any(),
            SubmissionOutcome::Recorded(recorded) => {
                view! { <RecordedBefore recorded/> }.into_any()
            }
        })
    }
}

#[component]
fn Refused(
    task: RecordTask,
    problem: Problem,
    verdict: Memo<Verdict>,
    at: RecordRef,
    since_opened: Vec<ChangeSet>,
) -> impl IntoView {
    let told = || match &*verdict.read_untracked() {
        // The field itself says what is wrong with it.
        Verdict::Incomplete(..) | Verdict::Invalid(_) => "Correct the marked field.".to_owned(),
        Verdict::Refused(no) if no.detail == problem.detail => no.sentence.clone(),
        _ => stated(&problem.detail),
    };
    let explained = at.kind.explain(&problem);
    let detail = explained.unwrap_or_else(|| view! { <Prose text=told()/> }.into_any());
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>{task.form.not_done}</h2>
            <p>{detail}</p>
            {(!since_opened.is_empty()).then(|| view! { <Happenings at since=since_opened/> })}
            <p>"What you typed is kept."</p>
        </div>
    }
    .into_any()
}

/// A notice without an answer: it claims neither success nor failure.
#[component]
fn Unconfirmed(problem: Problem) -> impl IntoView {
    let (icon, title) = if problem.is(Code::NoAnswer) {
        ("offline", "Not confirmed: the server did not answer")
    } else if problem.is(Code::Unavailable) {
        ("offline", "Not confirmed: the store did not answer")
    } else {
        ("warning", "Not confirmed: something went wrong on the server")
    };
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name=icon/>
            <h2>{title}</h2>
            <p>"It may or may not have been recorded. What you typed is kept."</p>
            <p>"Try again; it cannot be recorded twice."</p>
        </div>
    }
    .into_any()
}

/// An earlier submission of the same form, which the user may believe lost, or may have forgotten.
#[component]
fn RecordedBefore(recorded: Recorded) -> impl IntoView {
    let Recorded { at, version, sentence } = recorded;
    let title = match sentence {
        Some(sentence) => format!("Already recorded: {sentence}"),
        None => "Already recorded".to_owned(),
    };
    view! {
        <div class="notice" role="alert">
            <Icon name="clock"/>
            <h2>
                <Prose text=title/>
            </h2>
            <p>
                "You have already sent this form. It is "
                <a href=at.version_href(version) target="_blank">
                    {format!("version {version}")}
                </a>
                " in the timeline."
            </p>
            <p>"What the form says now is not recorded yet. Send it too, or cancel."</p>
        </div>
    }
    .into_any()
}

/// Returns the change sets that a conflict names.
fn since(problem: &Problem) -> Vec<ChangeSet> {
    let since = problem.more.get("since").and_then(|since| serde_json::to_string(since).ok());
    since.and_then(|since| serde_json::from_str(&since).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_change_sets_of_a_conflict_are_read_in_the_long_wire_format() {
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
    fn a_conflict_may_name_no_change_sets() {
        assert!(since(&Problem::new(Code::Conflict, "…")).is_empty());
    }
}
