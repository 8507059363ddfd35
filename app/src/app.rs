use leptos::prelude::*;
use leptos::tachys::view::iterators::StaticVec;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::any_nested_route::IntoAnyNestedRoute;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{MatchNestedRoutes, ParamSegment, SsrMode, StaticSegment, path};

use crate::components::{Announcer, OfflineBanner, Rail, Toasts, UiContext, WayBack};
use crate::kind::KindRef;
use crate::kinds::KINDS;
use crate::pages::{CreatePage, HomePage, ListingPage, NotFoundPage, RecordPage};

/// The application: a frame around the page of the current address.
///
/// Every page is rendered in one piece, so that it is complete and has the right status without
/// JavaScript.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let ui_context = UiContext::new();
    provide_context(ui_context.clone());
    provide_context(WayBack::new());
    ui_context.come_alive();
    view! {
        <Title formatter=title_text text="Daybook"/>
        <Router>
            <a class="skip" href="#main" rel="external">
                "Skip to content"
            </a>
            <div class="frame">
                <Rail/>
                <OfflineBanner/>
                <main class="page" id="main" tabindex="-1">
                    <Routes fallback=NotFoundPage>
                        <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                        <KindRoutes/>
                    </Routes>
                </main>
                <footer class="foot">"Daybook · Nothing is ever overwritten."</footer>
            </div>
            <Toasts/>
            <Announcer/>
        </Router>
    }
}

/// The routes of all kinds.
#[component(transparent)]
fn KindRoutes() -> impl MatchNestedRoutes + Clone + 'static {
    let routes = KINDS.map(|kind| (list_route(kind), create_route(kind), record_route(kind)));
    StaticVec::from(Vec::from(routes)).into_any_nested_route()
}

/// Returns the route of the list of a kind.
fn list_route(kind: KindRef) -> impl MatchNestedRoutes + Clone + 'static {
    let page = move || view! { <ListingPage listing=kind.screen().listing/> };
    view! { <Route path=segment(kind) view=page ssr=SsrMode::Async/> }.into_inner()
}

/// Returns the route of the page that creates a record of a kind.
fn create_route(kind: KindRef) -> impl MatchNestedRoutes + Clone + 'static {
    let path = (segment(kind), StaticSegment("new"));
    let page = move || match kind.creation() {
        Some(task) => view! { <CreatePage kind task/> }.into_any(),
        None => view! { <NotFoundPage/> }.into_any(),
    };
    view! { <Route path view=page ssr=SsrMode::Async/> }.into_inner()
}

/// Returns the route of the page of a record of a kind.
fn record_route(kind: KindRef) -> impl MatchNestedRoutes + Clone + 'static {
    let path = (segment(kind), ParamSegment("id"));
    let page = move || view! { <RecordPage kind/> };
    view! { <Route path view=page ssr=SsrMode::Async/> }.into_inner()
}

fn segment(kind: KindRef) -> StaticSegment<&'static str> {
    StaticSegment(kind.screen().listing.path.trim_start_matches('/'))
}

/// Escapes a title in server-rendered HTML, where `leptos_meta` writes it verbatim.
///
/// In the browser a title is assigned to `document.title`, which takes plain text.
fn title_text(title: String) -> String {
    #[cfg(feature = "ssr")]
    let title = html_escape::encode_text(&title).into_owned();
    title
}
