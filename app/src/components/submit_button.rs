use domain::inventory_item::Task;
use leptos::prelude::*;

use super::Surroundings;
use crate::record::Draft;
use crate::task_form::Verdict;

/// The one primary button of a task's form. It has the task's name, whatever became of the form before.
#[component]
pub fn SubmitButton(
    /// The form.
    draft: Draft,
    /// What it would do.
    verdict: Memo<Verdict>,
    /// Whether it is on its way.
    #[prop(optional, into)]
    busy: Signal<bool>,
) -> impl IntoView {
    // Without JavaScript the verdict is that of the page's first moment, and must not stand in the way.
    let hydrated = Surroundings::here().hydrated;
    let refused = Memo::new(move |_| {
        hydrated.get() && matches!(&*verdict.read(), Verdict::Refused(_) | Verdict::Invalid(_))
    });
    // Where it is said why.
    let why = move || match &*verdict.read() {
        Verdict::Invalid(fault) => format!("{}-error", fault.field),
        _ => "preflight".to_owned(),
    };
    let tone = if draft.task == Task::Deactivate { "danger" } else { "primary" };
    view! {
        <button
            class=format!("button {tone}")
            type="submit"
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || refused.get().then_some("true")
            aria-describedby=move || refused.get().then(why)
        >
            {draft.task.title()}
        </button>
    }
    .into_any()
}
