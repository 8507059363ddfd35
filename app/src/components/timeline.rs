use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Entry, PendingEntry, UiContext, Verify};
use crate::record::Record;

/// All change sets as sentences, newest first.
#[component]
pub fn Timeline() -> impl IntoView {
    let record = Record::here();
    let rows = {
        let record = record.clone();
        Memo::new(move |_| record.rows())
    };
    let pending = {
        let performing = record.performing.clone();
        move || performing.get().map(|performing| view! { <PendingEntry performing/> })
    };
    let earlier = move || {
        let rows = rows.read();
        rows.last().map(|row| row.change_set.version).filter(|oldest| *oldest > 1)
    };
    let newer = {
        let record = record.clone();
        Memo::new(move |_| record.timeline.read().0.filter(|_| record.viewed.read().is_none()))
    };
    let ui_context = UiContext::here();
    let at = record.at;
    let show_earlier = move |click: leptos::ev::MouseEvent| {
        // Past a hole in the history, only following the link works.
        if record.history.read_untracked().flaw().is_some() {
            return;
        }
        click.prevent_default();
        let (record, ui_context) = (record.clone(), ui_context.clone());
        spawn_local(async move {
            if let Err(problem) = record.show_earlier().await {
                ui_context.complain(problem.to_string());
            }
        });
    };
    view! {
        <section class="history sheet" aria-labelledby="timeline">
            <Verify/>
            <div class="actions" hidden=move || newer.read().is_none()>
                <a class="button compact" rel="external" href=at.href()>
                    "Show the newest"
                </a>
            </div>
            <ol class="timeline" role="list" aria-labelledby="timeline" reversed>
                {pending}
                <For each=move || rows.get() key=|row| (row.change_set.version, row.fault.is_some()) let:row>
                    <Entry row/>
                </For>
            </ol>
            <div class="actions" hidden=move || earlier().is_none()>
                <a
                    class="button compact"
                    href=move || format!("{}?before={}", at.href(), earlier().unwrap_or(1))
                    on:click=show_earlier
                >
                    "Show earlier"
                </a>
            </div>
        </section>
    }
    .into_any()
}
