mod finder;
mod place;
mod query;
mod rows;
mod screen;
mod table;

use api::{ListPage, Problem, SampleProgress};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::WayBack;
use crate::listing::Listing;
use crate::server_functions::sample_progress;
use query::ListQuery;
use rows::from_the_start;
use screen::ListScreen;

/// The data that the page starts from.
type InitialData = (ListQuery, Result<ListPage, Problem>, SampleProgress);

/// The page of a list: all records of a kind.
#[component]
pub fn ListingPage(
    /// The list.
    listing: &'static Listing,
) -> impl IntoView {
    let (query, back) = (use_query_map(), WayBack::here());
    // This resource serves only the first page: from then on the screen fetches its data itself.
    let start = Resource::new_blocking(
        || (),
        move |()| {
            let query = ListQuery::read(&query.read_untracked(), listing);
            let rows = back.left(&query.href(listing)).map_or(0, |left| left.rows);
            load(listing, query, rows)
        },
    );
    view! {
        <Title text=format!("{} · Daybook", listing.title)/>
        <Suspense fallback=move || view! { <table::SkeletonTable listing/> }>
            {move || Suspend::new(async move {
                let start = start.await;
                view! { <ListScreen listing start/> }
            })}
        </Suspense>
    }
    .into_any()
}

async fn load(listing: &'static Listing, query: ListQuery, rows: usize) -> InitialData {
    let page = from_the_start(listing, query.clone(), rows).await;
    (query, page, sample_progress().await.unwrap_or_default())
}
