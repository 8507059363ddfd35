//! The screens: every page, the server functions behind it, and the forms that a page without JavaScript
//! posts.

mod failures;
mod forms;
mod headers;
mod render;

use app::App;
use app::desk::SharedDesk;
use axum::Router;
use axum::middleware::map_response;
use axum::routing::post;
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::{LeptosRoutes as _, generate_route_list};

use failures::failures_as_problems;
use headers::protect;
use render::Renderer;

use crate::site::Site;

/// All pages. What is neither a page nor a file of the site is answered by the page that says so.
pub fn router(desk: SharedDesk, site: Site) -> Router {
    let options = LeptosOptions::builder().output_name("daybook").site_pkg_dir("pkg").build();
    let renderer = Renderer { desk: desk.clone(), options: options.clone(), site };
    let context = move || {
        provide_context(desk.clone());
        protect();
    };
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    let forms = Router::new()
        .route("/inventory/new", post(forms::create_item))
        .route("/inventory/sample", post(forms::load_sample))
        .route("/inventory/{id}", post(forms::perform_task))
        .fallback(render::file_or_page)
        .with_state(renderer);
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, shell)
        .layer(map_response(failures_as_problems))
        .with_state(options)
        .merge(forms)
}
