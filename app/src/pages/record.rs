mod address;
mod screen;

use api::Problem;
use event_store::Version;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

use crate::components::ProblemPage;
use crate::kind::{KindRef, RecordRef};
use crate::server_functions;
use crate::views::{FormOutcome, RecordView};
use address::Address;
use screen::{RecordScreen, RecordSkeleton};

/// The data that the page starts from.
#[derive(Clone, Serialize, Deserialize)]
struct InitialData {
    view: RecordView,
    /// The slug of the task whose form is open.
    task: Option<String>,
    outcome: Option<FormOutcome>,
}

/// The page of a record, now or as it was: `/inventory/{id}`.
#[component]
pub fn RecordPage(
    /// The kind of the record.
    kind: KindRef,
) -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let address = Memo::new(move |_| Address::read(kind, &params.read(), &query.read()));
    let start = Resource::new_blocking(
        move || address.get(),
        move |address| {
            let outcome = super::posted();
            load(kind, address, outcome)
        },
    );
    view! {
        <Suspense fallback=RecordSkeleton>
            {move || Suspend::new(async move {
                match start.await {
                    Ok(start) => {
                        let at = RecordRef { kind, id: start.view.now.aggregate.id };
                        match screen::begin(at, start) {
                            Ok(record) => view! { <RecordScreen record/> }.into_any(),
                            Err(problem) => view! { <ProblemPage problem/> }.into_any(),
                        }
                    }
                    Err(problem) => {
                        let address = address.get_untracked();
                        let retry = Callback::new(move |()| start.refetch());
                        view! { <Trouble kind address problem retry/> }.into_any()
                    }
                }
            })}
        </Suspense>
    }
    .into_any()
}

async fn load(
    kind: KindRef,
    address: Result<Address, Problem>,
    outcome: Option<FormOutcome>,
) -> Result<InitialData, Problem> {
    let Address { id, version, before, task } = match address {
        Ok(address) => address,
        Err(problem) => {
            set_status(&problem);
            return Err(problem);
        }
    };
    let view = server_functions::record(kind.aggregate(id), version, before).await?;
    Ok(InitialData { view, task, outcome })
}

#[cfg_attr(not(feature = "ssr"), expect(unused_variables, reason = "a browser has no status"))]
fn set_status(problem: &Problem) {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::from_u16(problem.status).unwrap_or_default());
    }
}

#[component]
fn Trouble(
    kind: KindRef,
    address: Result<Address, Problem>,
    problem: Problem,
    retry: Callback<()>,
) -> impl IntoView {
    // An unknown version is no reason to hide the record.
    let asked: Option<Option<Version>> = address.as_ref().ok().map(|address| address.version);
    let now = problem.more.get("id").and_then(|id| id.as_str()).map(str::to_owned);
    let now = now.or_else(|| {
        let id = address.ok()?.id;
        asked.flatten().map(|_| id.to_string())
    });
    match now {
        Some(id) => {
            let screen = kind.screen();
            let show = format!("Show the {} as it is now", screen.listing.one);
            let instead = (format!("{}/{id}", screen.listing.path), show);
            view! { <ProblemPage problem kind instead retry/> }.into_any()
        }
        None => view! { <ProblemPage problem kind retry/> }.into_any(),
    }
}
