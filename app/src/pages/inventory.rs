mod finder;
mod list;
mod place;
mod query;
mod screen;
mod table;

use api::{ItemPage, Problem, SampleProgress};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::WayBack;
use crate::server_functions::sample_progress;
use list::from_the_start;
use query::ListQuery;
use screen::InventoryScreen;

/// The data that the page starts from.
type InitialData = (ListQuery, Result<ItemPage, Problem>, SampleProgress);

/// `/inventory`: all items.
#[component]
pub fn InventoryPage() -> impl IntoView {
    let (query, back) = (use_query_map(), WayBack::here());
    // This resource serves only the first page: from then on the screen fetches its data itself.
    let start = Resource::new_blocking(
        || (),
        move |()| {
            let query = ListQuery::read(&query.read_untracked());
            let rows = back.left(&query.href()).map_or(0, |left| left.rows);
            load(query, rows)
        },
    );
    view! {
        <Title text="Inventory · Daybook"/>
        <Suspense fallback=|| view! { <table::SkeletonTable/> }>
            {move || Suspend::new(async move {
                let start = start.await;
                view! { <InventoryScreen start/> }
            })}
        </Suspense>
    }
    .into_any()
}

async fn load(query: ListQuery, rows: usize) -> InitialData {
    let page = from_the_start(query.clone(), rows).await;
    (query, page, sample_progress().await.unwrap_or_default())
}
