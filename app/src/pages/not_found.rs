use api::{Code, Problem};
use leptos::prelude::*;

use crate::components::ProblemPage;

pub(super) const CHECK_THE_ADDRESS: &str =
    "Check the address. Records are never deleted, so a link to a record keeps working.";

/// The page for an unknown address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    let problem = Problem::new(Code::NotFound, CHECK_THE_ADDRESS);
    view! { <ProblemPage problem/> }.into_any()
}
