use api::{Json, ListPage, Problem};
use domain::list::ListRequest;
use leptos::prelude::*;

/// Returns a page of the list of a kind.
///
/// # Errors
/// The problem, if the list cannot be read or the request is invalid.
#[server(name = ListCall, prefix = "/ui", endpoint = "list", input = Json, output = Json)]
pub async fn list(kind: String, request: ListRequest) -> Result<ListPage, Problem> {
    use super::host::{answer, desk};

    let desk = answer(desk())?;
    answer(desk.list(&kind, request).await)
}
