use api::SharedDesk;
use app::Files;
use app::views::FormOutcome;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::ALLOW;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::render_app_async_with_context;

use super::headers::protect;
use crate::site::{self, Site};

/// Renders pages for requests other than a plain GET of them.
#[derive(Clone)]
pub(super) struct Renderer {
    pub(super) desk: SharedDesk,
    pub(super) options: LeptosOptions,
    pub(super) files: Files,
    pub(super) site: Site,
}

impl Renderer {
    /// Returns the page at `uri`, as a GET of it would; with the outcome of the form that was
    /// posted to it, if any.
    pub(super) async fn page(&self, uri: Uri, outcome: Option<FormOutcome>) -> Response {
        let status = outcome.as_ref().and_then(|o| StatusCode::from_u16(o.problem.status).ok());
        let desk = self.desk.clone();
        let context = move || {
            provide_context(desk.clone());
            if let Some(outcome) = &outcome {
                provide_context(outcome.clone());
            }
            protect();
        };
        let (options, files) = (self.options.clone(), self.files.clone());
        let shell = move || app::shell(options.clone(), files.clone());
        let render = render_app_async_with_context(context, shell);
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        let mut response = render(request).await;
        if let Some(status) = status
            && response.status().is_success()
        {
            *response.status_mut() = status;
        }
        response
    }
}

/// Serves a file of the site, or else the not-found page.
pub(super) async fn file_or_page(
    State(renderer): State<Renderer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let is_read = method == Method::GET || method == Method::HEAD;
    match site::file(renderer.site, &uri, &headers) {
        Some(file) if is_read => file,
        Some(_) => (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET,HEAD")]).into_response(),
        None => renderer.page(uri, None).await,
    }
}
