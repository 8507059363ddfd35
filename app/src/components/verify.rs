use api::Problem;
use event_store::{Reason, Verification};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Icon, UiContext};
use crate::record::Record;
use crate::text::grouped;

/// The state of a history check.
#[derive(Clone, PartialEq)]
enum Check {
    Running,
    Done(Verification),
    Failed(Problem),
}

/// The head of the timeline.
///
/// It fetches the whole history and verifies in this browser that nothing was altered. Without
/// JavaScript it links to the server's own check.
#[component]
pub fn Verify() -> impl IntoView {
    let record = Record::here();
    let hydrated = UiContext::here().hydrated;
    let check = ArcRwSignal::new(None::<Check>);
    let at = record.at;
    let href = format!("/api/v1/aggregates/{}/{}/verification", at.kind.name(), at.id);
    let start = {
        let check = check.clone();
        move |_| {
            if check.get_untracked() != Some(Check::Running) {
                check.set(Some(Check::Running));
                let (record, check) = (record.clone(), check.clone());
                spawn_local(async move { check.set(Some(run(&record).await)) });
            }
        }
    };
    let is_alive = hydrated.clone();
    view! {
        <div class="panel-head">
            <h2 id="timeline">"Timeline"</h2>
            <a
                class="button quiet compact"
                rel="external"
                href=href
                hidden=move || is_alive.get()
            >
                <Icon name="shield"/>
                "Verify on the server"
            </a>
            <button
                class="button quiet compact"
                type="button"
                hidden=move || !hydrated.get()
                on:click=start
            >
                <Icon name="shield"/>
                "Verify in this browser"
            </button>
        </div>
        {move || check.get().map(|check| view! { <Verdict check/> })}
    }
    .into_any()
}

async fn run(record: &Record) -> Check {
    match record.fetch_whole().await {
        Ok(whole) => Check::Done(record.at.kind.verify(record.at.id, &whole)),
        Err(problem) => Check::Failed(problem),
    }
}

#[component]
fn Verdict(check: Check) -> impl IntoView {
    let (tone, icon, text, hash) = match check {
        Check::Running => ("busy", "clock", "Checking…".to_owned(), None),
        Check::Failed(problem) => ("bad", "warning", problem.to_string(), None),
        Check::Done(found) if found.ok => {
            let count = grouped(found.version);
            let text = match found.version {
                1 => "1 change verified".to_owned(),
                _ => format!("All {count} changes verified"),
            };
            ("good", "shield", text, Some(found.hash.to_string()))
        }
        Check::Done(found) => {
            let at = found.failed_at.unwrap_or(found.version + 1);
            let text = match (found.reason, found.problem.unwrap_or_default()) {
                (Some(Reason::SchemaUnknown | Reason::RulesUnknown), _) => format!(
                    "Verified up to version {}. Only a newer version of Daybook can check version {at}: reload the page.",
                    found.version
                ),
                (_, problem) => format!("Verification failed at version {at}: {problem}"),
            };
            ("bad", "warning", text, None)
        }
    };
    let hash = hash.map(|hash| {
        view! {
            " · "
            <span class="mono" title=hash.clone()>
                {format!("hash {}…", hash.get(..12).unwrap_or_default())}
            </span>
        }
    });
    view! {
        <p class="verdict" role="status" data-verdict=tone>
            <Icon name=icon/>
            <span>{text} {hash}</span>
        </p>
    }
    .into_any()
}
