//! Pages that a translator, a password manager or a proxy changed before hydration.

use std::sync::Arc;
use std::time::Duration;

use hydration_context::{HydrateSharedContext, SharedContext as _};
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::web_sys::{Element, Node};

/// Returns whether the document has as many nodes as the server sent (`server/src/pages/shape.rs`).
pub(crate) fn is_untouched() -> bool {
    let told = document().document_element().and_then(|root| root.get_attribute("data-shape"));
    let (mut elements, mut comments) = (0_u32, 0_u32);
    each_of_app(|node| count(node, &mut elements, &mut comments));
    told.is_some_and(|told| told == format!("{elements}.{comments}"))
}

/// Replaces the document's application with a new one, built from the document's data.
pub(crate) fn mount_anew<V: IntoView + 'static>(app: fn() -> V) {
    let Some(body) = document().body() else { return };
    // The nodes to replace. The sprite is appended after the new application, in case something has
    // moved it.
    let mut old = Vec::new();
    each_of_app(|node| old.push(node.clone()));
    let sprite = document().query_selector("svg.sprite").ok().flatten();
    let data = Arc::new(HydrateSharedContext::new());
    let root = Owner::new_root(Some(data.clone()));
    root.with(|| mount_to(body.clone(), app)).forget();
    // The page lives for as long as its document.
    std::mem::forget(root);
    // Remove the old nodes last: if mounting fails, the old page is still there.
    if let Some(sprite) = sprite {
        let _ = body.append_child(&sprite);
    }
    for node in old {
        let _ = body.remove_child(&node);
    }
    // Routes are built in microtasks. Data that is fetched later must not come from the document.
    set_timeout(move || data.hydration_complete(), Duration::ZERO);
}

/// The icons, which follow the application.
fn sprite() -> Option<Element> {
    document().query_selector("body > .sprite").ok().flatten()
}

fn each_of_app(mut act: impl FnMut(&Node)) {
    let end = sprite().map(Node::from);
    let mut next = document().body().and_then(|body| body.first_child());
    while let Some(node) = next.filter(|node| Some(node) != end.as_ref()) {
        next = node.next_sibling();
        act(&node);
    }
}

fn count(node: &Node, elements: &mut u32, comments: &mut u32) {
    match node.node_type() {
        Node::ELEMENT_NODE => *elements += 1,
        Node::COMMENT_NODE => *comments += 1,
        _ => {}
    }
    let mut next = node.first_child();
    while let Some(child) = next {
        count(&child, elements, comments);
        next = child.next_sibling();
    }
}
