mod overview;

use api::{ListRow, Problem, SampleProgress};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Icon, PageHeading, Sample, UiContext, When};
use crate::kinds::{first_listing, listings};
use crate::listing::{Digest, Listing};
use crate::server_functions::sample_progress;
use crate::text::{grouped, remedy};
use overview::{Latest, Overview, latest};

/// The data that the page starts from.
type InitialData = (Result<Latest, Problem>, SampleProgress);

/// `/`: an overview and the latest changes.
#[component]
pub fn HomePage() -> impl IntoView {
    let start = Resource::new_blocking(|| (), |()| load());
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
                let start = start.await;
                view! { <HomeScreen start/> }
            })}
        </Suspense>
    }
    .into_any()
}

async fn load() -> InitialData {
    (latest().await, sample_progress().await.unwrap_or_default())
}

#[component]
fn HomeScreen(start: InitialData) -> impl IntoView {
    let (latest, sample) = start;
    let overview = Overview::new(latest);
    let sample = Sample::new(sample);
    provide_context(sample.clone());
    go_to_the_list_when_loaded(sample.loaded.clone());
    {
        let overview = overview.clone();
        UiContext::here().on_return(move || overview.refresh());
    }

    let what = {
        let (overview, running) = (overview.clone(), sample.progress);
        Memo::new(move |_| if running.read().running { What::Nothing } else { What::of(&overview) })
    };
    move || match what.get() {
        What::Trouble(problem) => view! { <Trouble problem/> }.into_any(),
        What::Nothing => view! { <StartHere/> }.into_any(),
        What::Records => view! { <Doors overview=overview.clone()/> }.into_any(),
    }
}

/// The content of the page.
#[derive(Clone, PartialEq)]
enum What {
    Records,
    Nothing,
    Trouble(Problem),
}

impl What {
    fn of(overview: &Overview) -> Self {
        match overview.problem.get() {
            Some(problem) => Self::Trouble(problem),
            None if overview.totals.read().iter().all(|total| *total == 0) => Self::Nothing,
            None => Self::Records,
        }
    }
}

fn go_to_the_list_when_loaded(loaded: ArcRwSignal<u32>) {
    let navigate = leptos_router::hooks::use_navigate();
    Effect::new(move |_| {
        if loaded.get() > 0 {
            navigate(first_listing().path, leptos_router::NavigateOptions::default());
        }
    });
}

#[component]
fn StartHere() -> impl IntoView {
    view! {
        <section class="sheet" aria-label="Start here">
            {(first_listing().blank)()}
        </section>
    }
    .into_any()
}

#[component]
fn Doors(overview: Overview) -> impl IntoView {
    let Overview { totals, rows, .. } = overview;
    let door = |(place, listing)| view! { <Door listing totals=totals.clone() place/> };
    view! {
        <div class="home">
            {listings().enumerate().map(door).collect_view()}
            <section class="recent sheet" aria-labelledby="recent">
                <h2 id="recent">"Latest changes"</h2>
                <ul role="list">
                    // A row is replaced once its record has changed.
                    <For each=move || rows.get() key=|(_, row)| (row.id, row.version) let:change>
                        <Change change/>
                    </For>
                </ul>
            </section>
        </div>
    }
    .into_any()
}

/// The way to the list at this place, with the number of its records.
#[component]
fn Door(listing: &'static Listing, totals: ArcRwSignal<Vec<u64>>, place: usize) -> impl IntoView {
    let total = move || grouped(totals.read().get(place).copied().unwrap_or_default());
    let id = || format!("door-{}", listing.path.trim_start_matches('/'));
    view! {
        <section class="door sheet" aria-labelledby=id()>
            <h2 id=id()>
                <Icon name=listing.icon/>
                <a href=listing.path>{listing.title}</a>
            </h2>
            <dl>
                <dt>{listing.caption}</dt>
                <dd translate="no">{total}</dd>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Change(change: (&'static Listing, ListRow)) -> impl IntoView {
    let (listing, row) = change;
    // A page that is older than the server may not be able to decode the state.
    let digest = (listing.digest)(&row.state).unwrap_or_else(|_| Digest {
        is_in_use: false,
        name: "Reload the page to see this record".to_owned(),
        figure: String::new(),
    });
    view! {
        <li>
            <a href=listing.record_path(row.id)>
                <bdi class="clamped">{digest.name}</bdi>
            </a>
            <span class="delta">{digest.figure}</span>
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
    let remedy = remedy(&problem);
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>{problem.title}</h2>
            <p>{remedy}</p>
            <div class="actions">
                <a class="button" rel="external" href="">
                    "Try again"
                </a>
            </div>
        </div>
    }
    .into_any()
}
