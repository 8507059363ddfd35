use domain::InventoryItem;
use domain::inventory_item::{InventoryItemRejection, Task};
use domain::kind::{Kind as _, Place, Task as _};
use leptos::prelude::*;

use super::{Icon, Prose};
use crate::record::Record;
use crate::text::refusal;

/// The tasks of an item. A task that is not allowed now shows the domain's reason and the task that
/// would unblock it.
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
        } else if !now.read().active {
            Some("The item is inactive. Reactivate it to perform other tasks.".to_owned())
        } else {
            None
        }
    });
    let closed = Signal::derive(move || past.get() || end.read().is_some());
    let rows =
        Task::on_record().map(|task| view! { <TaskButton task now closed busy/> }).collect_view();
    view! {
        <section aria-labelledby="tasks">
            <h2 class="unseen" id="tasks">
                "Tasks"
            </h2>
            <form method="get" action=format!("/inventory/{}", record.id)>
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
    task: Task,
    now: Memo<domain::InventoryItem>,
    closed: Signal<bool>,
    busy: Signal<bool>,
) -> impl IntoView {
    let record = Record::here();
    let verdict = Memo::new(move |_| now.read().allows(task));
    let blocked = move || closed.get() || busy.get() || verdict.read().is_err();
    let primary = move || {
        let first = if now.read().active { Task::CheckIn } else { Task::Reactivate };
        task == first && !closed.get()
    };
    // Only one of the two applies to the state of the item.
    let absent = move || match task {
        Task::Deactivate => !now.read().active,
        Task::Reactivate => now.read().active,
        _ => false,
    };
    let own_reason = Memo::new(move |_| match &*verdict.read() {
        Err(rejection) if now.read().active && !closed.get() => Some(rejection.clone()),
        _ => None,
    });
    let described_by = move || {
        if own_reason.read().is_some() {
            Some(format!("why-{}", task.slug()))
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
                id=format!("task-{}", task.slug())
                type=move || if blocked() { "button" } else { "submit" }
                name="task"
                value=task.slug()
                aria-disabled=move || blocked().then_some("true")
                aria-describedby=described_by
                on:click=begin
            >
                <Icon name=icon(task)/>
                {task.title()}
            </button>
            {move || own_reason.get().map(|rejection| view! { <Why task rejection/> })}
        </li>
    }
    .into_any()
}

#[component]
fn Why(task: Task, rejection: InventoryItemRejection) -> impl IntoView {
    let unblock = InventoryItem::unblocked_by(&rejection)
        .map(|unblocking| view! { " " <Unblock unblocking/> });
    view! {
        <p class="why" id=format!("why-{}", task.slug())>
            <Prose text=refusal(&rejection)/>
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
    unblocking: Task,
) -> impl IntoView {
    let record = Record::here();
    let href = format!("/inventory/{}?task={}", record.id, unblocking.slug());
    let begin = move |click: leptos::ev::MouseEvent| {
        click.prevent_default();
        record.begin(unblocking);
    };
    if unblocking.place() == Place::Record {
        view! {
            <a href=href on:click=begin>
                {unblocking.title()}
            </a>
        }
        .into_any()
    } else {
        view! {
            <button class="link" type="submit" name="task" value=unblocking.slug() on:click=begin>
                {unblocking.title()}
            </button>
        }
        .into_any()
    }
}

fn icon(task: Task) -> &'static str {
    match task {
        Task::Create => "created",
        Task::CheckIn => "checked-in",
        Task::Remove | Task::WriteOffRemaining => "removed",
        Task::Adjust => "adjusted",
        Task::Rename => "renamed",
        Task::ChangeMaximum => "maximum",
        Task::SetReorderLevel => "reorder",
        Task::Deactivate => "deactivated",
        Task::Reactivate => "reactivated",
    }
}
