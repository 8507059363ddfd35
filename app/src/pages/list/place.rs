use leptos::prelude::*;
use leptos::{ev, html};

use super::rows::List;
use crate::browser;
use crate::components::{Left, WayBack};

/// Scrolls the list to its remembered position, and remembers the position from then on.
pub(super) fn keep_place(list: List, header: NodeRef<html::Header>) {
    let back = WayBack::here();
    let listing = list.listing;
    let mut top = back.left(&list.query.read_untracked().href(listing)).map(|left| left.top);
    Effect::new(move |_| {
        let Some(header) = header.get() else { return };
        if let Some(top) = top.take() {
            browser::scroll_once_connected((*header).clone(), top);
        }
    });
    let remember = move || {
        // The address changes before the rows of the list disappear.
        if let Some(top) = browser::scrolled(listing.path) {
            let (query, rows) = (list.query.read(), list.rows.read());
            back.remember(listing, Left { href: query.href(listing), rows: rows.len(), top });
        }
    };
    let scrolled = remember.clone();
    Effect::new(move |_| remember());
    Effect::new(move |_| {
        let scrolled = scrolled.clone();
        let listener = window_event_listener(ev::scroll, move |_| untrack(&scrolled));
        on_cleanup(move || listener.remove());
    });
}
