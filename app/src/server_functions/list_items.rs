use api::{ItemPage, Json, Problem};
use domain::inventory_item::ListItems;
use leptos::prelude::*;

/// Returns a page of the list of items.
///
/// # Errors
/// The problem, if the list cannot be read or the cursor is invalid.
#[server(name = ListItemsCall, prefix = "/ui", endpoint = "items", input = Json, output = Json)]
pub async fn list_items(list: ListItems) -> Result<ItemPage, Problem> {
    use super::host::{answer, desk};

    let desk = answer(desk())?;
    answer(desk.list_items(list).await)
}
