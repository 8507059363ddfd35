use leptos::prelude::*;

use super::UiContext;
use crate::record::Draft;
use crate::task_form::Verdict;

/// The one primary button of a task's form. It always has the name of the task.
#[component]
pub fn SubmitButton(
    /// The form.
    draft: Draft,
    /// The verdict on the form.
    verdict: Memo<Verdict>,
    /// `true` while the form is being sent.
    #[prop(optional, into)]
    busy: Signal<bool>,
) -> impl IntoView {
    // Without JavaScript the verdict stays that of the first render, and must not block the form.
    let hydrated = UiContext::here().hydrated;
    let refused = Memo::new(move |_| {
        hydrated.get() && matches!(&*verdict.read(), Verdict::Refused(_) | Verdict::Invalid(_))
    });
    // The id of the element that states the reason.
    let why = move || match &*verdict.read() {
        Verdict::Invalid(fault) => format!("{}-error", fault.field),
        _ => "preflight".to_owned(),
    };
    let tone = if draft.task.form.is_severe { "danger" } else { "primary" };
    view! {
        <button
            class=format!("button {tone}")
            type="submit"
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || refused.get().then_some("true")
            aria-describedby=move || refused.get().then(why)
        >
            {draft.task.title}
        </button>
    }
    .into_any()
}
