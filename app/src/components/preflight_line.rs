use leptos::prelude::*;

use super::{Icon, Prose};
use crate::task_form::Verdict;
use crate::text::refusal;

/// What `decide` says to what the form says now.
#[component]
pub fn PreflightLine(
    /// The verdict.
    verdict: Memo<Verdict>,
) -> impl IntoView {
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
        Verdict::Invalid(problem) => problem.message.clone(),
        Verdict::Refused(rejection) => refusal(rejection),
        Verdict::Allowed { effect, .. } => format!("After this: {effect}."),
    };
    view! {
        <output class="preflight" data-verdict=tone>
            <Icon name=Signal::derive(icon)/>
            <span id="preflight">
                <Prose text=Signal::derive(text)/>
            </span>
        </output>
    }
    .into_any()
}
