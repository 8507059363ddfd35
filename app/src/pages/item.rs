mod address;
mod screen;

use api::Problem;
use event_store::Version;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

use crate::components::ProblemPage;
use crate::server_functions::item;
use crate::views::{FormOutcome, ItemView};
use address::Address;
use screen::{ItemScreen, ItemSkeleton};

/// The data that the page starts from.
#[derive(Clone, Serialize, Deserialize)]
struct InitialData {
    view: ItemView,
    /// The slug of the task whose form is open.
    task: Option<String>,
    outcome: Option<FormOutcome>,
}

/// `/inventory/{id}`: one item, now or as it was.
#[component]
pub fn ItemPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let address = Memo::new(move |_| Address::read(&params.read(), &query.read()));
    let start = Resource::new_blocking(
        move || address.get(),
        |address| {
            let outcome = super::posted();
            load(address, outcome)
        },
    );
    view! {
        <Suspense fallback=ItemSkeleton>
            {move || Suspend::new(async move {
                match start.await {
                    Ok(start) => view! { <ItemScreen start/> }.into_any(),
                    Err(problem) => {
                        let address = address.get_untracked();
                        let retry = Callback::new(move |()| start.refetch());
                        view! { <Trouble address problem retry/> }.into_any()
                    }
                }
            })}
        </Suspense>
    }
    .into_any()
}

async fn load(
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
    let view = item(id, version, before).await?;
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
    address: Result<Address, Problem>,
    problem: Problem,
    retry: Callback<()>,
) -> impl IntoView {
    // An unknown version is no reason to hide the item.
    let asked: Option<Option<Version>> = address.as_ref().ok().map(|address| address.version);
    let now = problem.more.get("id").and_then(|id| id.as_str()).map(str::to_owned);
    let now = now.or_else(|| {
        let id = address.ok()?.id;
        asked.flatten().map(|_| id.to_string())
    });
    match now {
        Some(id) => {
            let instead = (format!("/inventory/{id}"), "Show the item as it is now");
            view! { <ProblemPage problem instead retry/> }.into_any()
        }
        None => view! { <ProblemPage problem retry/> }.into_any(),
    }
}
