use domain::inventory_item::{InventoryItemRow, ItemColumn, ItemSort, ListItems};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Icon, NoItems, PageHeading, Sample, Surroundings, When};
use crate::problem::Problem;
use crate::server_functions::{list_items, sample_progress};
use crate::text::grouped;
use crate::views::{ItemPage, SampleProgress};

const LATEST: u32 = 6;

/// `/`: what there is, and what changed last.
#[component]
pub fn HomePage() -> impl IntoView {
    let page = Resource::new_blocking(|| (), |()| load());
    view! {
        <Title text="Daybook"/>
        <header>
            <PageHeading text="Daybook"/>
            <p class="lede">
                "An inventory desk where nothing is ever overwritten. Every task becomes an entry, and you can see any record as it was."
            </p>
        </header>
        <Suspense>
            {move || Suspend::new(async move {
                match page.await {
                    Ok((page, sample)) if page.total == 0 => view! { <StartHere sample/> }.into_any(),
                    Ok((page, _)) => view! { <Doors page/> }.into_any(),
                    Err(problem) => {
                        Surroundings::here().on_return(move || page.refetch());
                        view! { <Trouble problem/> }.into_any()
                    }
                }
            })}
        </Suspense>
    }
    .into_any()
}

async fn load() -> Result<(ItemPage, SampleProgress), Problem> {
    let sort = ItemSort { column: ItemColumn::UpdatedAt, descending: true };
    let list = ListItems { sort, limit: LATEST, ..ListItems::default() };
    let page = list_items(list).await?;
    Ok((page, sample_progress().await.unwrap_or_default()))
}

#[component]
fn StartHere(sample: SampleProgress) -> impl IntoView {
    let sample = Sample::new(sample);
    let loaded = sample.loaded.clone();
    provide_context(sample);
    let navigate = leptos_router::hooks::use_navigate();
    Effect::new(move |_| {
        if loaded.get() > 0 {
            navigate("/inventory", leptos_router::NavigateOptions::default());
        }
    });
    view! {
        <section class="sheet" aria-label="Start here">
            <NoItems/>
        </section>
    }
    .into_any()
}

#[component]
fn Doors(page: ItemPage) -> impl IntoView {
    let items = grouped(page.total);
    let latest = page.rows.into_iter().map(|row| view! { <Latest row/> }).collect_view();
    view! {
        <div class="home">
            <section class="door sheet" aria-labelledby="door-inventory">
                <h2 id="door-inventory">
                    <Icon name="box"/>
                    <a href="/inventory">"Inventory"</a>
                </h2>
                <dl>
                    <dt>"Items"</dt>
                    <dd>{items}</dd>
                </dl>
            </section>
            <section class="recent sheet" aria-labelledby="recent">
                <h2 id="recent">"Latest changes"</h2>
                <ul role="list">{latest}</ul>
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Latest(row: InventoryItemRow) -> impl IntoView {
    view! {
        <li>
            <a href=format!("/inventory/{}", row.id)>
                <bdi class="clamped">{row.name}</bdi>
            </a>
            <span class="delta">{format!("{} on hand", grouped(row.on_hand))}</span>
            <span class="soft small">{format!("Version {}", row.version)}</span>
            <span class="soft small">
                <When at=row.updated_at/>
            </span>
        </li>
    }
    .into_any()
}

#[component]
fn Trouble(problem: Problem) -> impl IntoView {
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>{problem.title}</h2>
            <p>"Nothing was lost. Try again in a moment."</p>
            <div class="actions">
                <a class="button" rel="external" href="">
                    "Try again"
                </a>
            </div>
        </div>
    }
    .into_any()
}
