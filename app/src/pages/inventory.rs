mod finder;
mod list;
mod query;
mod screen;
mod table;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::problem::Problem;
use crate::server_functions::{list_items, sample_progress};
use crate::views::{ItemPage, SampleProgress};
use query::ListQuery;
use screen::InventoryScreen;

/// What the page starts from.
type Start = (ListQuery, Result<ItemPage, Problem>, SampleProgress);

/// `/inventory`: all items.
#[component]
pub fn InventoryPage() -> impl IntoView {
    let query = use_query_map();
    // Only the first page is this resource's: from then on the screen fetches what it needs itself.
    let start =
        Resource::new_blocking(|| (), move |()| load(ListQuery::read(&query.read_untracked())));
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

async fn load(query: ListQuery) -> Start {
    let page = list_items(query.list()).await;
    (query, page, sample_progress().await.unwrap_or_default())
}
