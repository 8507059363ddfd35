use std::time::Duration;

use api::{Code, Problem};
use domain::kind::Place;
use leptos::ev;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos_meta::Title;

use super::InitialData;
use crate::browser;
use crate::components::{
    Contents, Crumbs, FaultNotice, Figures, Icon, PageHeading, ReplayPanel, Shares, TaskDialog,
    TaskList, Timeline, UiContext, When,
};
use crate::kind::{RecordRef, RecordState};
use crate::record::{Draft, Record};

/// The time that the version in view must rest before the timeline follows.
const REST: Duration = Duration::from_millis(120);

/// One record: its figures, its tasks, its replay and its timeline.
#[component]
pub(super) fn RecordScreen(record: Record) -> impl IntoView {
    provide_context(record.clone());
    let state = {
        let record = record.clone();
        Memo::new(move |_| record.shown())
    };
    // Not from the memo: the title is computed after the page is rendered, when the memo may have
    // been disposed of.
    let title = {
        let record = record.clone();
        move || format!("{} · Daybook", record.shown().name())
    };
    let past = {
        let viewed = record.viewed.clone();
        move || viewed.read().is_some().then_some("")
    };
    follow_once_rested(record.clone());
    record.refresh_on_return();
    once_alive(record.clone());
    // The element under a form that a double click has just sent must not receive the second click.
    let guard = |click: ev::MouseEvent| {
        if browser::ends_a_double_submission(&click) {
            click.prevent_default();
            click.stop_propagation();
        }
    };
    // Nor must the next focused element receive the repeats of a held-down key.
    let guard_key = |key: ev::KeyboardEvent| {
        if key.repeat() && key.key() == "Enter" {
            key.prevent_default();
        }
    };
    view! {
        <Title text=title/>
        <article
            class="item"
            data-past=past
            on:click:capture=guard
            on:keydown:capture=guard_key
        >
            <Header state/>
            <FaultNotice/>
            <Past/>
            <div class="item-body">
                <div class="item-now">
                    <Figures state/>
                    <Shares state/>
                    <TaskList/>
                    <Contents/>
                    <ReplayPanel state/>
                </div>
                <Timeline/>
            </div>
            <TaskDialog/>
        </article>
    }
    .into_any()
}

/// Makes the timeline follow the version in view, but not each step of a slider that is being
/// dragged.
fn follow_once_rested(record: Record) {
    let rest = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        record.viewed.track();
        record.history.track();
        if let Some(Some(before)) = rest.try_get_value() {
            before.clear();
        }
        let record = record.clone();
        rest.try_set_value(set_timeout_with_handle(move || record.follow(), REST).ok());
    });
}

fn once_alive(record: Record) {
    Effect::new(move |already: Option<()>| {
        if already.is_none() {
            record.reopen();
            record.prefetch();
        }
    });
}

/// Creates the record of a page, with the form that the address or a posted form opens.
///
/// # Errors
/// The page's program is older than the server's.
pub(super) fn begin(at: RecordRef, start: InitialData) -> Result<Record, Problem> {
    let InitialData { view, task, outcome } = start;
    let is_past = view.viewed.is_some();
    let record = Record::new(at, view, UiContext::here()).map_err(|error| {
        let detail = format!("Daybook was updated. Reload the page. ({error})");
        Problem::new(Code::NewerVersion, detail)
    })?;
    let seen = record.history.read_untracked().seen();
    let takes_tasks = !is_past && record.history.read_untracked().end().is_none();
    let open = match outcome {
        Some(posted) => at
            .kind
            .task(&posted.task)
            .map(|task| Draft::posted(task, at, &posted, seen, |version| record.recorded(version))),
        None => task
            .and_then(|slug| at.kind.task(&slug))
            .filter(|task| task.place != Place::OwnPage && takes_tasks)
            .map(|task| Draft::new(task, at, seen)),
    };
    record.draft.set(open);
    Ok(record)
}

#[component]
fn Header(state: Memo<RecordState>) -> impl IntoView {
    let header = Memo::new(move |_| state.read().header());
    let labels: Vec<_> = header.read_untracked().facts.iter().map(|fact| fact.label).collect();
    let fact = |(place, label): (usize, &'static str)| {
        let text = move || {
            header.read().facts.get(place).map(|fact| fact.text.clone()).unwrap_or_default()
        };
        view! { <span>{label} ": " <bdi>{text}</bdi></span> }
    };
    let facts = labels.into_iter().enumerate().map(fact).collect_view();
    view! {
        <header>
            <Crumbs listing=Record::here().at.kind.screen().listing/>
            <PageHeading text=Signal::derive(move || state.read().name())/>
            <p class="facts" translate="no">
                <bdi class="mono">{move || header.read().code.clone()}</bdi>
                {facts}
                <span class="chip" data-tone=move || header.read().is_good.then_some("good")>
                    {move || header.read().status}
                </span>
            </p>
        </header>
    }
    .into_any()
}

/// A notice that a past version is in view.
#[component]
fn Past() -> impl IntoView {
    let record = Record::here();
    let viewed = record.viewed.clone();
    let text = {
        let record = record.clone();
        move || {
            let head = record.head();
            format!("Viewing version {} of {head}", record.viewed.get().unwrap_or(head))
        }
    };
    let when = {
        let record = record.clone();
        move || {
            let history = record.history.read();
            let change_set = history.change_set(record.viewed.get()?)?;
            let at = change_set.content().recorded_at;
            Some(view! { " · " <When at/> })
        }
    };
    let href = record.at.href();
    let return_to_now = move |click: ev::MouseEvent| {
        click.prevent_default();
        record.view(None);
    };
    view! {
        <div
            class="past"
            role="status"
            aria-labelledby="viewing"
            hidden=move || viewed.read().is_none()
        >
            <Icon name="clock"/>
            <span translate="no">
                <b id="viewing">{text}</b>
                {when}
            </span>
            <a href=href on:click=return_to_now>
                "Return to now"
            </a>
        </div>
    }
    .into_any()
}

/// The skeleton of the page while it loads.
#[component]
pub(super) fn RecordSkeleton() -> impl IntoView {
    view! {
        <div class="item" aria-busy="true">
            <p>
                <span class="skeleton wide"></span>
            </p>
            <p>
                <span class="skeleton"></span>
            </p>
        </div>
    }
    .into_any()
}
