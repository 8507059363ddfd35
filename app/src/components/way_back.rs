use leptos::prelude::*;

const LIST: &str = "/inventory";

/// The way back to the list as the user left it: searched, sorted and scrolled.
#[derive(Clone)]
pub struct WayBack(ArcRwSignal<Option<Left>>);

/// The list at the moment when the user left for another page.
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
    /// Returns the way back of a user who has not seen the list.
    pub fn new() -> Self {
        Self(ArcRwSignal::new(None))
    }

    /// Returns the way back of this page.
    pub fn here() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Returns the address of the list.
    pub fn href(&self) -> String {
        self.0.read().as_ref().map_or_else(|| LIST.to_owned(), |left| left.href.clone())
    }

    /// Returns the list as it was left, if it has this address.
    pub fn left(&self, href: &str) -> Option<Left> {
        self.0.get_untracked().filter(|left| left.href == href)
    }

    /// Remembers the list as it is now.
    pub fn remember(&self, left: Left) {
        self.0.set(Some(left));
    }

    /// Forgets the list as it was left. A link to the inventory itself leads to its beginning.
    pub fn forget(&self) {
        self.0.set(None);
    }
}

impl Default for WayBack {
    fn default() -> Self {
        Self::new()
    }
}

/// The pages above this one.
#[component]
pub fn Crumbs() -> impl IntoView {
    let back = WayBack::here();
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <a href=move || back.href()>"Inventory"</a>
        </nav>
    }
    .into_any()
}
