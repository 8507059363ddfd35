use leptos::prelude::*;
use leptos::{ev, html};

use super::{OutcomeNotice, PreflightLine, SubmitButton, TaskFields, UiContext, Unblock};
use crate::browser;
use crate::record::{Draft, Record};
use crate::task_form::Verdict;

/// The dialog of the current task, if any. It is modal after hydration; before, it is a form that
/// posts.
#[component]
pub fn TaskDialog() -> impl IntoView {
    let draft = Record::here().draft;
    // Another form needs another dialog: one that is already open could not be opened modally.
    view! {
        <For each=move || draft.get() key=|draft| draft.posted_ids let:draft>
            <OpenDialog draft/>
        </For>
    }
}

#[component]
fn OpenDialog(draft: Draft) -> impl IntoView {
    let record = Record::here();
    let task = draft.task;
    let dialog = NodeRef::<html::Dialog>::new();
    let verdict = {
        let (record, draft) = (record.clone(), draft.clone());
        Memo::new(move |_| {
            let history = record.history.read();
            history.now().state.preflight(task, &draft.fields.read())
        })
    };
    let overtaken_by = {
        let (record, draft) = (record.clone(), draft.clone());
        Memo::new(move |_| record.overtaken_by(&draft, &verdict.read()))
    };
    check_refusals(record.clone(), verdict);
    open_modally(dialog, draft.clone());

    let (at, version) = (record.at, record.history.read_untracked().now().version);
    let unit = record.history.read_untracked().now().state.unit();
    let home = at.href();
    let action = format!("{home}?task={}", task.slug);
    let close = {
        let record = record.clone();
        move || {
            record.close();
            browser::forget_task();
            browser::focus_soon(task.form.openers);
        }
    };
    let cancel = {
        let close = close.clone();
        move |click: ev::MouseEvent| {
            click.prevent_default();
            close();
        }
    };
    let sent = draft.clone();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(form) = dialog.get_untracked() {
            sent.take_over(&form);
        }
        record.perform();
    };
    let unblock = move || match &*verdict.read() {
        Verdict::Refused(no) => no.unblocked_by.filter(|other| *other != task),
        _ => None,
    };
    let hydrated = UiContext::here().hydrated;
    let (command_id, _) = draft.posted_ids;
    view! {
        <dialog
            class="dialog"
            id="task"
            aria-labelledby="task-title"
            open
            node_ref=dialog
            on:close=move |_| close()
        >
            <form
                class="form"
                method="post"
                action=action
                novalidate=move || hydrated.get()
                on:submit=submit
            >
                <input type="hidden" name="command_id" value=command_id.to_string()/>
                <input type="hidden" name="expected_version" value=version.to_string()/>
                <div class="dialog-head">
                    <h2 id="task-title">{task.title}</h2>
                    <p>{task.form.lede}</p>
                </div>
                <OutcomeNotice draft=draft.clone() verdict at overtaken_by/>
                <TaskFields draft=draft.clone() verdict unit/>
                <PreflightLine draft=draft.clone() verdict overtaken_by/>
                {move || unblock().map(|unblocking| view! { <p><Unblock unblocking/></p> })}
                <div class="dialog-foot">
                    <SubmitButton draft verdict/>
                    <a class="button" href=home on:click=cancel>
                        "Cancel"
                    </a>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// Refreshes the record as soon as the form is refused, because the refusal blocks its submission.
fn check_refusals(record: Record, verdict: Memo<Verdict>) {
    let refused = Memo::new(move |_| matches!(&*verdict.read(), Verdict::Refused(_)));
    Effect::new(move |_| {
        if refused.get() {
            record.refresh();
        }
    });
}

/// Makes the dialog modal once it is in the document, and takes over what was typed before
/// hydration.
fn open_modally(dialog: NodeRef<html::Dialog>, draft: Draft) {
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        draft.revive(&dialog);
        // The server renders it open for those without JavaScript, but only a closed dialog can be
        // shown modally.
        let _ = dialog.remove_attribute("open");
        let _ = dialog.show_modal();
        if let Some(first) = draft.task.form.fields.first() {
            browser::focus_field(&dialog, first.name);
        }
    });
}
