use api::{ItemPage, Problem, SampleProgress};
use domain::inventory_item::{InventoryItemRow, ItemColumn, ItemSort, ListItems};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

use crate::components::{Icon, NoItems, PageHeading, Sample, UiContext, When};
use crate::server_functions::{list_items, sample_progress};
use crate::text::{grouped, remedy};

const LATEST: u32 = 6;

/// The data that the page starts from.
type InitialData = (Result<ItemPage, Problem>, SampleProgress);

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

async fn latest() -> Result<ItemPage, Problem> {
    let sort = ItemSort { column: ItemColumn::UpdatedAt, descending: true };
    list_items(ListItems { sort, limit: LATEST, ..ListItems::default() }).await
}

#[component]
fn HomeScreen(start: InitialData) -> impl IntoView {
    let (page, sample) = start;
    let overview = Overview::new(page);
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
        What::Items => view! { <Doors overview=overview.clone()/> }.into_any(),
    }
}

/// The number of items and the latest changes, as last fetched.
#[derive(Clone)]
struct Overview {
    total: ArcRwSignal<u64>,
    rows: ArcRwSignal<Vec<InventoryItemRow>>,
    /// The reason why nothing can be shown.
    problem: ArcRwSignal<Option<Problem>>,
    asked: ArcStoredValue<u32>,
}

impl Overview {
    fn new(page: Result<ItemPage, Problem>) -> Self {
        let overview = Self {
            total: ArcRwSignal::new(0),
            rows: ArcRwSignal::new(Vec::new()),
            problem: ArcRwSignal::new(None),
            asked: ArcStoredValue::new(0),
        };
        overview.show(page);
        overview
    }

    /// Fetches the overview again.
    ///
    /// A failure is silent if the page has something to show, because the user has not asked. Only
    /// the answer to the last request counts.
    fn refresh(&self) {
        let asked = self.asked.get_value().wrapping_add(1);
        self.asked.set_value(asked);
        let overview = self.clone();
        spawn_local(async move {
            let page = latest().await;
            let wanted = page.is_ok() || overview.problem.read_untracked().is_some();
            if wanted && overview.asked.get_value() == asked {
                overview.show(page);
            }
        });
    }

    fn show(&self, page: Result<ItemPage, Problem>) {
        match page {
            Ok(ItemPage { rows, total, .. }) => {
                self.problem.set(None);
                self.total.set(total);
                self.rows.set(rows);
            }
            Err(problem) => self.problem.set(Some(problem)),
        }
    }
}

/// The content of the page.
#[derive(Clone, PartialEq)]
enum What {
    Items,
    Nothing,
    Trouble(Problem),
}

impl What {
    fn of(overview: &Overview) -> Self {
        match overview.problem.get() {
            Some(problem) => Self::Trouble(problem),
            None if overview.total.get() == 0 => Self::Nothing,
            None => Self::Items,
        }
    }
}

fn go_to_the_list_when_loaded(loaded: ArcRwSignal<u32>) {
    let navigate = leptos_router::hooks::use_navigate();
    Effect::new(move |_| {
        if loaded.get() > 0 {
            navigate("/inventory", leptos_router::NavigateOptions::default());
        }
    });
}

#[component]
fn StartHere() -> impl IntoView {
    view! {
        <section class="sheet" aria-label="Start here">
            <NoItems/>
        </section>
    }
    .into_any()
}

#[component]
fn Doors(overview: Overview) -> impl IntoView {
    let Overview { total, rows, .. } = overview;
    view! {
        <div class="home">
            <section class="door sheet" aria-labelledby="door-inventory">
                <h2 id="door-inventory">
                    <Icon name="box"/>
                    <a href="/inventory">"Inventory"</a>
                </h2>
                <dl>
                    <dt>"Items"</dt>
                    <dd translate="no">{move || grouped(total.get())}</dd>
                </dl>
            </section>
            <section class="recent sheet" aria-labelledby="recent">
                <h2 id="recent">"Latest changes"</h2>
                <ul role="list">
                    // A row is replaced once its item has changed.
                    <For each=move || rows.get() key=|row| (row.id, row.version) let:row>
                        <Latest row/>
                    </For>
                </ul>
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
