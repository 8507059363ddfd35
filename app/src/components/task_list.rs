use domain::kind::Place;
use leptos::prelude::*;

use super::{Icon, Prose};
use crate::kind::{RecordState, RecordTask, Refusal};
use crate::record::Record;

/// The tasks of a record. A task that is not allowed now shows the domain's reason and the task
/// that would unblock it.
#[component]
pub fn TaskList() -> impl IntoView {
    let record = Record::here();
    let now = {
        let record = record.clone();
        Memo::new(move |_| record.now())
    };
    let past = {
        let viewed = record.viewed.clone();
        Signal::derive(move || viewed.read().is_some())
    };
    let busy = {
        let performing = record.performing.clone();
        Signal::derive(move || performing.read().is_some())
    };
    let end = {
        let record = record.clone();
        Memo::new(move |_| record.history.read().end())
    };
    let shared = Memo::new(move |_| {
        if let Some(end) = &*end.read() {
            Some(format!("Version {} is damaged. No task is possible.", end.version))
        } else if past.get() {
            Some("You're viewing the past. Return to now to perform a task.".to_owned())
        } else {
            now.read().standstill().map(str::to_owned)
        }
    });
    let closed = Signal::derive(move || past.get() || end.read().is_some());
    let rows = record.at.kind.tasks().into_iter();
    let rows = rows
        .filter(|task| task.place == Place::Record)
        .map(|task| view! { <TaskButton task now closed busy/> })
        .collect_view();
    view! {
        <section aria-labelledby="tasks">
            <h2 class="unseen" id="tasks">
                "Tasks"
            </h2>
            <form method="get" action=record.at.href()>
                <p class="hint why" id="why-tasks" translate="no" hidden=move || shared.read().is_none()>
                    {move || shared.get()}
                </p>
                <ul class="tasks" role="list">
                    {rows}
                </ul>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn TaskButton(
    task: RecordTask,
    now: Memo<RecordState>,
    closed: Signal<bool>,
    busy: Signal<bool>,
) -> impl IntoView {
    let record = Record::here();
    let verdict = Memo::new(move |_| now.read().allows(task));
    let blocked = move || closed.get() || busy.get() || verdict.read().is_err();
    let primary = move || now.read().lead() == Some(task) && !closed.get();
    let absent = move || !now.read().offers(task);
    let own_reason = Memo::new(move |_| match &*verdict.read() {
        Err(no) if now.read().standstill().is_none() && !closed.get() => Some(no.clone()),
        _ => None,
    });
    let described_by = move || {
        if own_reason.read().is_some() {
            Some(format!("why-{}", task.slug))
        } else {
            (closed.get() || verdict.read().is_err()).then(|| "why-tasks".to_owned())
        }
    };
    let begin = {
        let record = record.clone();
        move |click: leptos::ev::MouseEvent| {
            click.prevent_default();
            if !closed.get_untracked() && !busy.get_untracked() {
                record.begin_if_allowed(task);
            }
        }
    };
    view! {
        <li hidden=absent>
            <button
                class="button"
                class:primary=primary
                id=format!("task-{}", task.slug)
                type=move || if blocked() { "button" } else { "submit" }
                name="task"
                value=task.slug
                aria-disabled=move || blocked().then_some("true")
                aria-describedby=described_by
                on:click=begin
            >
                <Icon name=task.form.icon/>
                {task.title}
            </button>
            {move || own_reason.get().map(|refusal| view! { <Why task refusal/> })}
        </li>
    }
    .into_any()
}

#[component]
fn Why(task: RecordTask, refusal: Refusal) -> impl IntoView {
    let unblock = refusal.unblocked_by.map(|unblocking| view! { " " <Unblock unblocking/> });
    view! {
        <p class="why" id=format!("why-{}", task.slug)>
            <Prose text=refusal.sentence/>
            {unblock}
        </p>
    }
    .into_any()
}

/// Leads to the task that would unblock another one. This is a button, unless the list has one for
/// that task already.
#[component]
pub fn Unblock(
    /// The task.
    unblocking: RecordTask,
) -> impl IntoView {
    let record = Record::here();
    let href = format!("{}?task={}", record.at.href(), unblocking.slug);
    let begin = move |click: leptos::ev::MouseEvent| {
        click.prevent_default();
        record.begin(unblocking);
    };
    if unblocking.place == Place::Record {
        view! {
            <a href=href on:click=begin>
                {unblocking.title}
            </a>
        }
        .into_any()
    } else {
        view! {
            <button class="link" type="submit" name="task" value=unblocking.slug on:click=begin>
                {unblocking.title}
            </button>
        }
        .into_any()
    }
}
