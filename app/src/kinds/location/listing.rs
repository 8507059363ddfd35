//! The list of locations.

use api::{ListRow, StateJson};
use domain::{Kind, Location};
use event_store::Aggregate;
use leptos::prelude::*;

use crate::components::{Icon, When};
use crate::listing::{Digest, Heading, Listing};

/// The list of locations.
pub static LISTING: Listing = Listing {
    kind: Location::KIND,
    path: "/locations",
    icon: "place",
    title: "Locations",
    one: "location",
    many: "locations",
    caption: "Locations",
    create: "Register location",
    placeholder: "Name or code",
    searched: "Names and codes were searched, including closed locations.",
    columns: &[
        Heading::text("Name", "name"),
        Heading::text("Code", "code"),
        Heading::unsorted("Status"),
        Heading::text("Last change", "updated_at"),
    ],
    sort: Location::DEFAULT_SORT,
    row,
    digest,
    blank,
};

fn row(row: ListRow) -> serde_json::Result<AnyView> {
    let location: Location = row.state.decode()?;
    let status = (!location.open).then(|| view! { <span class="chip">"Closed"</span> });
    let row = view! {
        <tr data-inactive=(!location.open).then_some("")>
            <th scope="row">
                <a href=LISTING.record_path(row.id)>
                    <bdi class="clamped">{location.name}</bdi>
                </a>
            </th>
            <td class="sku">
                <bdi class="clamped">{location.code}</bdi>
            </td>
            <td class="marks">{status}</td>
            <td data-label="Changed">
                <When at=row.updated_at/>
            </td>
        </tr>
    };
    Ok(row.into_any())
}

fn digest(state: &StateJson) -> serde_json::Result<Digest> {
    let location: Location = state.decode()?;
    let figure = if location.open { "open" } else { "closed" };
    Ok(Digest { figure: figure.to_owned(), name: location.name, is_in_use: location.open })
}

fn blank() -> AnyView {
    view! {
        <div class="blank">
            <Icon name=LISTING.icon/>
            <h2>"No locations yet"</h2>
            <p>
                "Register the places where you keep goods, such as a shop, a back room and a van."
            </p>
            <div class="actions">
                <a class="button primary" href=LISTING.new_path()>
                    <Icon name="created"/>
                    {LISTING.create}
                </a>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_sorted_by_each_column_of_the_domain() {
        let mut shown: Vec<_> = LISTING.columns.iter().filter_map(|heading| heading.sort).collect();
        let mut known: Vec<_> = Location::COLUMNS.iter().map(|column| column.name).collect();
        shown.sort_unstable();
        known.sort_unstable();
        assert_eq!(shown, known);
    }
}
