use api::wire::CommandRequest;
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
use crate::kind::{KindRef, RecordRef, RecordTask};
use crate::record::{Draft, Recorded, SubmissionOutcome, new_request};
use crate::server_functions::submit_command;
use crate::task_form::{FieldProblem, Verdict};
use crate::text::isolated;
use crate::views::{FormOutcome, Submitted};

/// The page that creates a record: `/inventory/new`.
#[component]
pub fn CreatePage(
    /// The kind of the record.
    kind: KindRef,
    /// The task that creates it.
    task: RecordTask,
) -> impl IntoView {
    let heading = kind.screen().creating;
    let start = Resource::new_blocking(
        || (),
        |()| {
            let outcome = super::posted();
            async move { (outcome, Uuid::now_v7(), Uuid::now_v7()) }
        },
    );
    view! {
        <Title text=format!("{heading} · Daybook")/>
        <div class="narrow">
            <header>
                <Crumbs listing=kind.screen().listing/>
                <PageHeading text=heading.to_owned()/>
                <p class="lede">{task.form.lede}</p>
            </header>
        </div>
        <div class="narrow">
            <Suspense>
                {move || Suspend::new(async move {
                    let (outcome, command_id, aggregate_id) = start.await;
                    view! { <CreateForm kind task outcome ids=(command_id, aggregate_id)/> }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn CreateForm(
    kind: KindRef,
    task: RecordTask,
    outcome: Option<FormOutcome>,
    ids: (Uuid, Uuid),
) -> impl IntoView {
    let seen = (0, kind.nothing());
    let mut draft = Draft::new(task, RecordRef { kind, id: ids.1 }, seen.clone());
    draft.posted_ids = ids;
    if let Some(outcome) = &outcome {
        let sent = Uuid::parse_str(outcome.fields.get("aggregate_id")).unwrap_or_default();
        let sent = RecordRef { kind, id: sent };
        let recorded = |version| Recorded::new(sent, version, None);
        let at = RecordRef { kind, id: outcome.aggregate_id };
        draft = Draft::posted(task, at, outcome, seen, recorded);
    }
    let (command_id, id) = draft.posted_ids;
    let verdict = {
        let draft = draft.clone();
        Memo::new(move |_| {
            let verdict = kind.nothing().preflight(task, &draft.fields.read());
            objection(&draft).map_or(verdict, Verdict::Invalid)
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
    let (unit, at) = (String::new(), RecordRef { kind, id });
    let back = WayBack::here();
    view! {
        <form
            class="form sheet"
            method="post"
            action=format!("{}/new", kind.screen().listing.path)
            node_ref=form
            novalidate=move || hydrated.get()
            on:submit=submit
        >
            <input type="hidden" name="command_id" value=command_id.to_string()/>
            <input type="hidden" name="aggregate_id" value=id.to_string()/>
            <OutcomeNotice draft=draft.clone() verdict at/>
            <TaskFields draft=draft.clone() verdict unit/>
            <PreflightLine draft=draft.clone() verdict/>
            <div class="actions">
                <SubmitButton draft verdict busy/>
                <a class="button quiet" href=move || back.href(kind.screen().listing) on:click=discard>
                    "Cancel"
                </a>
            </div>
        </form>
    }
    .into_any()
}

/// Returns the field that caused the last refusal, while it would cause it again.
fn objection(draft: &Draft) -> Option<FieldProblem> {
    match &*draft.outcome.read() {
        Some(SubmissionOutcome::Refused(problem)) => {
            draft.kind.objection(problem, &draft.fields.read())
        }
        _ => None,
    }
}

/// Sends the form and navigates to the new record.
///
/// The page chose the record's id, so repeated submissions create one record. Once that is
/// recorded, the form takes the id of another one.
fn create(draft: Draft, verdict: Memo<Verdict>, busy: RwSignal<bool>) -> impl Fn() + 'static {
    let navigate = use_navigate();
    let ui_context = UiContext::here();
    move || {
        let verdict = verdict.get_untracked();
        let Verdict::Allowed { command, after, .. } = verdict else {
            return draft.point_out(&verdict);
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        draft.outcome.set(None);
        let at = draft.at();
        let request = new_request(at.aggregate(), None, command);
        let request = CommandRequest { command_id: draft.command_id(), ..request };
        draft.keep_sent();
        let (draft, navigate) = (draft.clone(), navigate.clone());
        let ui_context = ui_context.clone();
        let name = after.name();
        spawn_local(async move {
            match submit_command(request, 0).await {
                Ok(Submitted::Accepted { .. }) => {
                    draft.forget();
                    ui_context.say(format!("Created “{}”.", isolated(&name)));
                    navigate(&at.href(), NavigateOptions::default());
                }
                Ok(Submitted::TakenBefore { version, change_sets }) => {
                    let there = change_sets.iter().find(|c| c.version == version);
                    draft.id.set_value(Uuid::now_v7());
                    draft.conclude(SubmissionOutcome::Recorded(Recorded::new(at, version, there)));
                }
                Ok(Submitted::Refused(problem)) | Err(problem) => {
                    draft.conclude(SubmissionOutcome::of(problem));
                }
            }
            busy.try_set(false);
        });
    }
}
