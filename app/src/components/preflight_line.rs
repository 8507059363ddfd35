use api::Code;
use event_store::ChangeSet;
use leptos::prelude::*;

use super::{Icon, Prose};
use crate::record::{Draft, SubmissionOutcome};
use crate::task_form::Verdict;

/// The verdict of `decide` on the form as it is now.
///
/// It does not repeat the message of a field or of the notice above.
#[component]
pub fn PreflightLine(
    /// The form.
    draft: Draft,
    /// The verdict.
    verdict: Memo<Verdict>,
    /// The change sets of others because of which the form is refused.
    #[prop(optional, into)]
    overtaken_by: Signal<Vec<ChangeSet>>,
) -> impl IntoView {
    let outcome = draft.outcome;
    let is_said = move || match (&*verdict.read(), &*outcome.read()) {
        (Verdict::Refused(no), Some(SubmissionOutcome::Refused(problem))) => {
            problem.is(Code::Conflict) || no.detail == problem.detail
        }
        (Verdict::Refused(_), None) => !overtaken_by.read().is_empty(),
        _ => false,
    };
    let tone = move || match &*verdict.read() {
        Verdict::Incomplete(..) => "idle",
        Verdict::Invalid(_) | Verdict::Refused(_) => "refusal",
        Verdict::Allowed { .. } => "effect",
    };
    let icon = move || match tone() {
        "idle" => "clock",
        "refusal" => "warning",
        _ => "effect",
    };
    let text = move || match &*verdict.read() {
        Verdict::Incomplete(_, prompt) => (*prompt).to_owned(),
        Verdict::Invalid(_) => "Correct the marked field.".to_owned(),
        Verdict::Refused(no) => no.sentence.clone(),
        Verdict::Allowed { effect, .. } => format!("After this: {effect}."),
    };
    view! {
        <output class="preflight" data-verdict=tone hidden=is_said>
            <Icon name=Signal::derive(icon)/>
            <span id="preflight">
                <Prose text=Signal::derive(text)/>
            </span>
        </output>
    }
    .into_any()
}
