use api::wire::CommandRequest;
use domain::InventoryItem;
use domain::inventory_item::Task;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use uuid::Uuid;

use crate::components::{
    Crumbs, OutcomeNotice, PageHeading, PreflightLine, SubmitButton, TaskFields, UiContext, WayBack,
};
use crate::record::{Draft, Recorded, Seen, SubmissionOutcome, new_request, wire_command};
use crate::server_functions::submit_command;
use crate::task_form::{FieldProblem, Verdict, lede, preflight};
use crate::text::isolated;
use crate::views::{FormOutcome, Submitted};

/// `/inventory/new`: "Create an item".
#[component]
pub fn CreateItemPage() -> impl IntoView {
    let start = Resource::new_blocking(
        || (),
        |()| {
            let outcome = super::posted();
            async move { (outcome, Uuid::now_v7(), Uuid::now_v7()) }
        },
    );
    view! {
        <Title text="Create an item · Daybook"/>
        <div class="narrow">
            <header>
                <Crumbs/>
                <PageHeading text="Create an item"/>
                <p class="lede">{lede(Task::Create)}</p>
            </header>
        </div>
        <div class="narrow">
            <Suspense>
                {move || Suspend::new(async move {
                    let (outcome, command_id, aggregate_id) = start.await;
                    view! { <CreateItemForm outcome ids=(command_id, aggregate_id)/> }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn CreateItemForm(outcome: Option<FormOutcome>, ids: (Uuid, Uuid)) -> impl IntoView {
    let mut draft = Draft::new(Task::Create, ids.1, Seen::default());
    draft.posted_ids = ids;
    if let Some(outcome) = &outcome {
        let sent = Uuid::parse_str(outcome.fields.get("aggregate_id")).unwrap_or_default();
        let recorded = |version| Recorded::new(sent, version, None);
        draft =
            Draft::posted(Task::Create, outcome.aggregate_id, outcome, Seen::default(), recorded);
    }
    let (command_id, id) = draft.posted_ids;
    let verdict = {
        let draft = draft.clone();
        Memo::new(move |_| {
            let verdict = preflight(Task::Create, &draft.fields.read(), &InventoryItem::default());
            if is_taken(&draft) { Verdict::Invalid(another_sku()) } else { verdict }
        })
    };
    let busy = RwSignal::new(false);
    let form = NodeRef::<leptos::html::Form>::new();
    {
        let draft = draft.clone();
        Effect::new(move |_| {
            if let Some(form) = form.get() {
                draft.revive(&form);
            }
        });
    }
    let discard = {
        let draft = draft.clone();
        move |_| draft.forget()
    };
    let create = create(draft.clone(), verdict, busy);
    let submit = {
        let draft = draft.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(form) = form.get_untracked() {
                draft.take_over(&form);
            }
            create();
        }
    };
    let hydrated = UiContext::here().hydrated;
    let unit = String::new();
    let back = WayBack::here();
    view! {
        <form
            class="form sheet"
            method="post"
            action="/inventory/new"
            node_ref=form
            novalidate=move || hydrated.get()
            on:submit=submit
        >
            <input type="hidden" name="command_id" value=command_id.to_string()/>
            <input type="hidden" name="aggregate_id" value=id.to_string()/>
            <OutcomeNotice draft=draft.clone() verdict id/>
            <TaskFields draft=draft.clone() verdict unit/>
            <PreflightLine draft=draft.clone() verdict/>
            <div class="actions">
                <SubmitButton draft verdict busy/>
                <a class="button quiet" href=move || back.href() on:click=discard>
                    "Cancel"
                </a>
            </div>
        </form>
    }
    .into_any()
}

/// Returns whether the form still holds the SKU that was refused: a taken SKU stays taken.
///
/// Only the server folds SKUs, because the tables are too large for a browser. This comparison may
/// therefore miss a match that the server finds.
fn is_taken(draft: &Draft) -> bool {
    let outcome = draft.outcome.read();
    let Some(SubmissionOutcome::Refused(problem)) = &*outcome else { return false };
    let typed = draft.fields.read().get("sku").trim().to_lowercase();
    problem.sku_taken().is_some_and(|taken| taken.sku.to_lowercase() == typed)
}

fn another_sku() -> FieldProblem {
    FieldProblem { field: "sku", message: "Choose another SKU.".to_owned(), missing: false }
}

/// Sends the form and navigates to the new item.
///
/// The page chose the item's id, so repeated submissions create one item. Once that is recorded,
/// the form takes the id of another item.
fn create(draft: Draft, verdict: Memo<Verdict>, busy: RwSignal<bool>) -> impl Fn() + 'static {
    let navigate = use_navigate();
    let ui_context = UiContext::here();
    move || {
        let verdict = verdict.get_untracked();
        let Verdict::Allowed { command, .. } = verdict else { return draft.point_out(&verdict) };
        let Some(command) = wire_command(&command) else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        draft.outcome.set(None);
        let id = draft.item.get_value();
        let request = new_request(id, None, command);
        let request = CommandRequest { command_id: draft.command_id(), ..request };
        draft.keep_sent();
        let (draft, navigate) = (draft.clone(), navigate.clone());
        let ui_context = ui_context.clone();
        let name = draft.fields.read_untracked().get("name").trim().to_owned();
        spawn_local(async move {
            match submit_command(request, 0).await {
                Ok(Submitted::Accepted { .. }) => {
                    draft.forget();
                    ui_context.say(format!("Created “{}”.", isolated(&name)));
                    navigate(&format!("/inventory/{id}"), NavigateOptions::default());
                }
                Ok(Submitted::TakenBefore { version, change_sets }) => {
                    let there = change_sets.iter().find(|c| c.version == version);
                    draft.item.set_value(Uuid::now_v7());
                    draft.conclude(SubmissionOutcome::Recorded(Recorded::new(id, version, there)));
                }
                Ok(Submitted::Refused(problem)) | Err(problem) => {
                    draft.conclude(SubmissionOutcome::of(problem));
                }
            }
            busy.try_set(false);
        });
    }
}
