use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Icon, WayBack};

/// The main navigation.
#[component]
pub fn Rail() -> impl IntoView {
    let path = use_location().pathname;
    let home = move || (path.get() == "/").then_some("page");
    let inventory = move || path.get().starts_with("/inventory").then_some("page");
    let back = WayBack::here();
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
                    <li>
                        <a href="/inventory" aria-current=inventory on:click=move |_| back.forget()>
                            <Icon name="box"/>
                            "Inventory"
                        </a>
                    </li>
                </ul>
            </nav>
        </header>
    }
    .into_any()
}
