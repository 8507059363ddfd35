//! The screens: every page, its server functions, and the forms that a page without JavaScript
//! posts.

mod forms;
mod functions;
mod headers;
mod render;
mod shape;

use std::sync::LazyLock;

use api::{Caller, SharedDesk};
use app::App;
use app::kinds::KINDS;
use axum::Router;
use axum::http::request::Parts;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::post;
use leptos::prelude::{LeptosOptions, provide_context, use_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes as _, generate_route_list};

use functions::{failures_as_problems, only_scripts};
use headers::protect;
use render::Renderer;

use crate::http::queue::{Queue, wait_for_turn};
use crate::http::room::Room;
use crate::site::{self, Site};

/// The number of pages and reads of the screens that are handled at once.
const PAGES: usize = 16;

/// The pages' paths, listed once per process.
///
/// While Leptos lists routes, every resource of the process that is polled for the first time stays
/// pending forever (leptos-rs/leptos#4773). Listing them before the first router exists keeps every
/// page out of that window, however many routers the process builds.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Builds the router of all pages. The not-found page answers for what is neither a page nor a file
/// of the site.
pub fn router(desk: SharedDesk, site: Site) -> Router {
    let options = LeptosOptions::builder().output_name("daybook").site_pkg_dir("pkg").build();
    let files = site::files(site);
    let renderer =
        Renderer { desk: desk.clone(), options: options.clone(), files: files.clone(), site };
    let context = move || {
        provide_context(desk.clone());
        provide_caller();
        protect();
    };
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone(), files.clone())
    };
    let mut forms = Router::new();
    for kind in KINDS {
        let path = kind.screen().listing.path;
        let create =
            move |renderer, caller, uri, form| forms::create(kind, renderer, caller, uri, form);
        let perform = move |renderer, caller, id, which, uri, form| {
            forms::perform_task(kind, renderer, caller, id, which, uri, form)
        };
        forms = forms
            .route(&format!("{path}/new"), post(create))
            .route(&format!("{path}/{{id}}"), post(perform));
    }
    let forms = forms
        .route("/sample", post(forms::load_sample))
        .fallback(render::file_or_page)
        .with_state(renderer);
    Router::new()
        .leptos_routes_with_context(&options, ROUTES.clone(), context, shell)
        .layer(map_response(failures_as_problems))
        .layer(map_response(shape::note))
        .layer(from_fn_with_state(Room::default(), Room::admit_reads))
        .layer(from_fn_with_state(Queue::new(PAGES), wait_for_turn))
        .layer(from_fn(only_scripts))
        .with_state(options)
        .merge(forms.layer(map_response(shape::note)))
}

/// Hands the caller of the request to its server function.
fn provide_caller() {
    let request = use_context::<Parts>();
    if let Some(caller) = request.and_then(|mut parts| parts.extensions.remove::<Caller>()) {
        provide_context(caller);
    }
}
