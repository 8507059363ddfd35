use api::Problem;
use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use super::InitialData;
use super::finder::Finder;
use super::place::keep_place;
use super::query::ListQuery;
use super::rows::List;
use super::table::Table;
use crate::browser;
use crate::components::{Icon, PageHeading, Prose, Sample, UiContext};
use crate::listing::Listing;
use crate::text::{grouped, isolated, remedy};

/// All records: searched, sorted, page after page.
#[component]
pub(super) fn ListScreen(listing: &'static Listing, start: InitialData) -> impl IntoView {
    let (query, page, sample) = start;
    let list = List::new(listing, query, page);
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
        Memo::new(move |_| if running.read().running { What::Nothing } else { What::of(&list) })
    };
    let is_empty = move || what.get() == What::Nothing;
    view! {
        <header class="page-head" node_ref=header>
            <PageHeading text=listing.title/>
            {move || {
                (!is_empty())
                    .then(|| {
                        view! {
                            <a class="button primary" href=listing.new_path()>
                                <Icon name="created"/>
                                {listing.create}
                            </a>
                        }
                    })
            }}
        </header>
        <Finder list=list.clone()/>
        {move || match what.get() {
            What::Trouble(problem) => view! { <Trouble list=list.clone() problem/> }.into_any(),
            What::Nothing => {
                view! {
                    <section class="sheet" aria-label=listing.caption>
                        {(listing.blank)()}
                    </section>
                }
                    .into_any()
            }
            What::NothingFound(search) => view! { <NothingFound listing search/> }.into_any(),
            What::Records => {
                view! {
                    <Table list=list.clone()/>
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
    Records,
    Nothing,
    NothingFound(String),
    Trouble(Problem),
}

impl What {
    fn of(list: &List) -> Self {
        if let Some(problem) = list.problem.get() {
            return Self::Trouble(problem);
        }
        if list.total.get() > 0 {
            return Self::Records;
        }
        match list.query.read().search.trim() {
            "" => Self::Nothing,
            search => Self::NothingFound(search.to_owned()),
        }
    }
}

/// Makes the list follow the address, which links and typing change.
fn follow_address(list: List) {
    let (query, path) = (use_query_map(), use_location().pathname);
    Effect::new(move |already: Option<()>| {
        let wanted = ListQuery::read(&query.read(), list.listing);
        // The list stays in the document while another page is fetched, but must not follow its
        // address.
        let is_here = path.get_untracked() == list.listing.path;
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
    let List { listing, rows, total, next, query, stuck, .. } = list.clone();
    let shown = move || {
        let (shown, total) = (grouped(rows.read().len() as u64), grouped(total.get()));
        format!("{shown} of {total} {} shown", listing.many)
    };
    let has_more = next.clone();
    let href = move || ListQuery { after: next.get(), ..query.get() }.href(listing);
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
    let many = list.listing.many;
    let again = move |_| list.show_more();
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>{format!("More {many} could not be loaded")}</h2>
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
fn NothingFound(listing: &'static Listing, search: String) -> impl IntoView {
    view! {
        <section class="sheet" aria-label=listing.caption>
            <div class="blank">
                <Icon name="search"/>
                <h2>
                    <Prose text=format!("Nothing matches “{}”", isolated(&search))/>
                </h2>
                <p>{listing.searched}</p>
                <div class="actions">
                    <a class="button" href=listing.path>
                        {format!("Show all {}", listing.many)}
                    </a>
                </div>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Trouble(list: List, problem: Problem) -> impl IntoView {
    let href = list.query.read_untracked().href(list.listing);
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
