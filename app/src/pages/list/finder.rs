use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::{ev, html};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::rows::List;
use crate::components::Icon;
use crate::text::grouped;

/// The pause in typing after which the search starts.
const REST: Duration = Duration::from_millis(200);

/// The search. It runs as the user types; without JavaScript, when the form is sent.
#[component]
pub(super) fn Finder(list: List) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let listing = list.listing;
    let search = list.query.read_untracked().search.clone();
    let sort = list.query.read_untracked().sort.to_string();
    let go = {
        let (navigate, query) = (use_navigate(), list.query.clone());
        move |search: &str| {
            let wanted = query.get_untracked().searching(search);
            if wanted.search != query.read_untracked().search {
                let options =
                    NavigateOptions { replace: true, scroll: false, ..Default::default() };
                navigate(&wanted.href(listing), options);
            }
        }
    };
    let rest = StoredValue::new(None::<TimeoutHandle>);
    let typed = {
        let go = go.clone();
        move |event: ev::Event| {
            let (search, go) = (event_target_value(&event), go.clone());
            if let Some(Some(before)) = rest.try_get_value() {
                before.clear();
            }
            let rested = move || {
                rest.try_set_value(None);
                go(&search);
            };
            rest.try_set_value(set_timeout_with_handle(rested, REST).ok());
        }
    };
    let submit = {
        let go = go.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            if let Some(input) = node.get_untracked() {
                go(&input.value());
            }
        }
    };
    let query = list.query.clone();
    Effect::new(move |already: Option<()>| {
        let search = query.read().search.clone();
        let Some(input) = node.get() else { return };
        if already.is_none() {
            // Search for what was typed before hydration.
            go(&input.value());
        } else if rest.try_get_value().flatten().is_none() && input.value() != search {
            // A link or the way back has led to another search, and nobody is typing.
            input.set_value(&search);
        }
    });
    let List { total, busy, problem, .. } = list;
    let (one, many) = (listing.one, listing.many);
    let found = move || match total.get() {
        _ if busy.get() => format!("Loading {many}…"),
        _ if problem.read().is_some() => format!("Number of {many} unknown"),
        0 => format!("No {many}"),
        1 => format!("1 {one}"),
        total => format!("{} {many}", grouped(total)),
    };
    view! {
        <form class="finder" role="search" method="get" action=listing.path on:submit=submit>
            <div class="search">
                <Icon name="search"/>
                <input
                    class="input"
                    type="search"
                    dir="auto"
                    name="search"
                    aria-label=format!("Search {many}")
                    placeholder=listing.placeholder
                    value=search
                    autocomplete="off"
                    node_ref=node
                    on:input=typed
                />
            </div>
            <input type="hidden" name="sort" value=sort/>
            <p class="soft small" role="status" translate="no">
                {found}
            </p>
        </form>
    }
    .into_any()
}
