use api::Problem;
use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use super::InitialData;
use super::finder::Finder;
use super::list::List;
use super::place::keep_place;
use super::query::ListQuery;
use super::table::ItemTable;
use crate::browser;
use crate::components::{Icon, NoItems, PageHeading, Prose, Sample, UiContext};
use crate::text::{grouped, isolated, remedy};

/// All items: searched, sorted, page after page.
#[component]
pub(super) fn InventoryScreen(start: InitialData) -> impl IntoView {
    let (query, page, sample) = start;
    let list = List::new(query, page);
    let sample = Sample::new(sample);
    provide_context(sample.clone());
    follow_address(list.clone());
    let header = NodeRef::<html::Header>::new();
    keep_place(list.clone(), header);
    refresh_when_loaded(list.clone(), sample.clone());
    {
        let list = list.clone();
        UiContext::here().on_return(move || list.refresh());
    }

    let what = {
        let (list, running) = (list.clone(), sample.progress);
        Memo::new(move |_| if running.read().running { What::NoItems } else { What::of(&list) })
    };
    let is_empty = move || what.get() == What::NoItems;
    view! {
        <header class="page-head" node_ref=header>
            <PageHeading text="Inventory"/>
            {move || {
                (!is_empty())
                    .then(|| {
                        view! {
                            <a class="button primary" href="/inventory/new">
                                <Icon name="created"/>
                                "Create item"
                            </a>
                        }
                    })
            }}
        </header>
        <Finder list=list.clone()/>
        {move || match what.get() {
            What::Trouble(problem) => view! { <Trouble list=list.clone() problem/> }.into_any(),
            What::NoItems => {
                view! {
                    <section class="sheet" aria-label="Items">
                        <NoItems/>
                    </section>
                }
                    .into_any()
            }
            What::NothingFound(search) => view! { <NothingFound search/> }.into_any(),
            What::Items => {
                view! {
                    <ItemTable list=list.clone()/>
                    <More list=list.clone()/>
                }
                    .into_any()
            }
        }}
    }
    .into_any()
}

/// The content of the page.
#[derive(Clone, PartialEq)]
enum What {
    Items,
    NoItems,
    NothingFound(String),
    Trouble(Problem),
}

impl What {
    fn of(list: &List) -> Self {
        if let Some(problem) = list.problem.get() {
            return Self::Trouble(problem);
        }
        if list.total.get() > 0 {
            return Self::Items;
        }
        match list.query.read().search.trim() {
            "" => Self::NoItems,
            search => Self::NothingFound(search.to_owned()),
        }
    }
}

/// Makes the list follow the address, which links and typing change.
fn follow_address(list: List) {
    let (query, path) = (use_query_map(), use_location().pathname);
    Effect::new(move |already: Option<()>| {
        let wanted = ListQuery::read(&query.read());
        // The list stays in the document while another page is fetched, but must not follow its
        // address.
        let is_here = path.get_untracked() == "/inventory";
        if already.is_some() && is_here && wanted != *list.query.read_untracked() {
            list.ask(wanted);
        }
    });
}

fn refresh_when_loaded(list: List, sample: Sample) {
    let (rows, loaded) = (list.rows.clone(), sample.loaded.clone());
    Effect::new(move |_| {
        if loaded.get() > 0 {
            list.ask(list.query.get_untracked());
        }
    });
    Effect::new(move |_| {
        rows.track();
        if sample.loaded.get_untracked() > 0 {
            sample.finish();
        }
    });
}

#[component]
fn More(list: List) -> impl IntoView {
    let List { rows, total, next, query, stuck, .. } = list.clone();
    let shown = move || {
        format!("{} of {} items shown", grouped(rows.read().len() as u64), grouped(total.get()))
    };
    let has_more = next.clone();
    let href = move || ListQuery { after: next.get(), ..query.get() }.href();
    {
        let stuck = stuck.clone();
        Effect::new(move |already: Option<()>| {
            stuck.track();
            if already.is_some() {
                // The pressed button disappears together with its notice.
                browser::focus_soon_if_lost(&["try-again", "show-more"]);
            }
        });
    }
    let stuck = {
        let list = list.clone();
        move || stuck.get().map(|problem| view! { <Stuck list=list.clone() problem/> })
    };
    let show_more = move |click: MouseEvent| {
        click.prevent_default();
        list.show_more();
    };
    view! {
        {stuck}
        <nav class="more" aria-label="Pages" hidden=move || has_more.read().is_none()>
            <p class="soft small" translate="no">{shown}</p>
            <a class="button" id="show-more" rel="next" href=href on:click=show_more>
                "Show more"
            </a>
        </nav>
    }
    .into_any()
}

/// A notice that the next page could not be loaded. The rows shown stay.
#[component]
fn Stuck(list: List, problem: Problem) -> impl IntoView {
    let again = move |_| list.show_more();
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>"More items could not be loaded"</h2>
            <p>{remedy(&problem)}</p>
            <div class="actions">
                <button class="button" type="button" id="try-again" on:click=again>
                    "Try again"
                </button>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn NothingFound(search: String) -> impl IntoView {
    view! {
        <section class="sheet" aria-label="Items">
            <div class="blank">
                <Icon name="search"/>
                <h2>
                    <Prose text=format!("Nothing matches “{}”", isolated(&search))/>
                </h2>
                <p>"Names and SKUs were searched, including inactive items."</p>
                <div class="actions">
                    <a class="button" href="/inventory">
                        "Show all items"
                    </a>
                </div>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Trouble(list: List, problem: Problem) -> impl IntoView {
    let href = list.query.read_untracked().href();
    let again = move |click: MouseEvent| {
        click.prevent_default();
        list.ask(list.query.get_untracked());
    };
    let detail = remedy(&problem);
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>{problem.title}</h2>
            <p>{detail}</p>
            <div class="actions">
                <a class="button" href=href on:click=again>
                    "Try again"
                </a>
            </div>
        </div>
    }
    .into_any()
}
