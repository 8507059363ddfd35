use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Icon, WayBack};
use crate::kinds::listings;
use crate::listing::Listing;

/// The main navigation.
#[component]
pub fn Rail() -> impl IntoView {
    let path = use_location().pathname;
    let home = move || (path.get() == "/").then_some("page");
    let back = WayBack::here();
    let link = |listing: &'static Listing| {
        let here = move || path.get().starts_with(listing.path).then_some("page");
        let back = back.clone();
        view! {
            <li>
                <a href=listing.path aria-current=here on:click=move |_| back.forget(listing)>
                    <Icon name=listing.icon/>
                    {listing.title}
                </a>
            </li>
        }
    };
    view! {
        <header class="rail">
            <a class="wordmark" href="/">
                <Icon name="book"/>
                "Daybook"
            </a>
            <nav aria-label="Main">
                <ul>
                    <li>
                        <a href="/" aria-current=home>
                            <Icon name="home"/>
                            "Home"
                        </a>
                    </li>
                    {listings().map(link).collect_view()}
                </ul>
            </nav>
        </header>
    }
    .into_any()
}
