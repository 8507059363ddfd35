use leptos::prelude::*;

use crate::listing::Listing;

/// The way back to each list as the user left it: searched, sorted and scrolled.
#[derive(Clone)]
pub struct WayBack(ArcRwSignal<Vec<(&'static str, Left)>>);

/// A list at the moment when the user left for another page.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The address of the list.
    pub href: String,
    /// The number of rows shown.
    pub rows: usize,
    /// The scroll position, in CSS pixels.
    pub top: f64,
}

impl WayBack {
    /// Returns the way back of a user who has not seen any list.
    pub fn new() -> Self {
        Self(ArcRwSignal::new(Vec::new()))
    }

    /// Returns the way back of this page.
    pub fn here() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Returns the address of the list.
    pub fn href(&self, listing: &Listing) -> String {
        let lists = self.0.read();
        let left = lists.iter().find(|(path, _)| *path == listing.path);
        left.map_or_else(|| listing.path.to_owned(), |(_, left)| left.href.clone())
    }

    /// Returns the list as it was left, if it has this address.
    pub fn left(&self, href: &str) -> Option<Left> {
        let lists = self.0.read_untracked();
        lists.iter().find(|(_, left)| left.href == href).map(|(_, left)| left.clone())
    }

    /// Remembers the list as it is now.
    pub fn remember(&self, listing: &Listing, left: Left) {
        let path = listing.path;
        self.0.update(|lists| {
            lists.retain(|(other, _)| *other != path);
            lists.push((path, left));
        });
    }

    /// Forgets the list as it was left. A link to the list itself leads to its beginning.
    pub fn forget(&self, listing: &Listing) {
        self.0.update(|lists| lists.retain(|(path, _)| *path != listing.path));
    }
}

impl Default for WayBack {
    fn default() -> Self {
        Self::new()
    }
}

/// The pages above this one.
#[component]
pub fn Crumbs(
    /// The list that the page belongs to.
    listing: &'static Listing,
) -> impl IntoView {
    let back = WayBack::here();
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <a href=move || back.href(listing)>{listing.title}</a>
        </nav>
    }
    .into_any()
}
