use api::{Code, Problem};
use leptos::prelude::*;

use crate::components::ProblemPage;

/// The page for an unknown address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    let problem = Problem::new(
        Code::NotFound,
        "Check the address. Items are never deleted, so a link to an item keeps working.",
    );
    view! { <ProblemPage problem/> }.into_any()
}
