//! The WASM entry point: hydrates the page that the server rendered and nothing else.

mod foreign;

use wasm_bindgen::prelude::wasm_bindgen;

/// Hydrates the page. The page itself calls this function.
///
/// Hydration walks the document node by node and panics at an unexpected node. A page that was
/// changed in transit is therefore mounted anew, from the same data.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    if foreign::is_untouched() {
        leptos::mount::hydrate_body(app::App);
    } else {
        leptos::logging::warn!(
            "This page was changed after the server sent it. Mounting it anew instead of hydrating it."
        );
        foreign::mount_anew(app::App);
    }
    app::wake();
}
