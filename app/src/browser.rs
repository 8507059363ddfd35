//! Browser functions that the screens need beyond leptos. They may be called only from effects and
//! event handlers, which the server does not run.

use std::cell::Cell;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{FocusOptions, HtmlElement};

thread_local! {
    static SUBMITTED_AT: Cell<f64> = const { Cell::new(f64::MIN) };
}

/// The longest duration of a double click, in milliseconds.
const DOUBLE_CLICK_MS: f64 = 700.0;

/// Returns the milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    let now = js_sys::Date::now() as i64;
    now
}

/// Returns the minutes by which the browser's clock is ahead of UTC, at a time in milliseconds.
pub(crate) fn offset(at_ms: i64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "whole milliseconds, far below 2^53")]
    let at = js_sys::Date::new(&JsValue::from_f64(at_ms as f64));
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes of a day")]
    let behind = at.get_timezone_offset() as i64;
    -behind
}

/// Moves the focus to the first visible one of these elements, once the page has settled.
pub(crate) fn focus_soon(ids: &'static [&'static str]) {
    set_timeout(
        move || {
            let elements = ids.iter().filter_map(|id| document().get_element_by_id(id));
            if let Some(element) = elements.into_iter().find(is_visible) {
                focus(&element);
            }
        },
        Duration::ZERO,
    );
}

/// Does the same if the focused element is gone or hidden by the next frame.
pub(crate) fn focus_soon_if_lost(ids: &'static [&'static str]) {
    request_animation_frame(move || {
        let holder = document().active_element().filter(is_visible);
        if holder.is_none() || holder.as_ref() == document().body().as_deref() {
            focus_soon(ids);
        }
    });
}

fn is_visible(element: &web_sys::Element) -> bool {
    element.get_client_rects().length() > 0
}

/// Removes the open task from the address, so that a reload does not open it again.
pub(crate) fn forget_task() {
    let search = window().location().search().unwrap_or_default();
    if search.contains("task=") {
        replace_query(None);
    }
}

/// Moves the focus to an element.
pub(crate) fn focus(element: &web_sys::Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// Moves the focus to an element that is about to be inserted into the document.
///
/// Does not scroll, because the router and the way back set the scroll position.
pub(crate) fn focus_once_connected(element: web_sys::Element) {
    once_connected(element, 30, |element| {
        if let Some(element) = element.dyn_ref::<HtmlElement>() {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = element.focus_with_options(&options);
        }
    });
}

/// Scrolls to a former position once the element is in the document.
pub(crate) fn scroll_once_connected(element: web_sys::Element, top: f64) {
    once_connected(element, 30, move |_| window().scroll_to_with_x_and_y(0.0, top));
}

/// Returns the scroll position of the page if it has this path.
pub(crate) fn scrolled(path: &str) -> Option<f64> {
    let here = window().location().pathname().ok()?;
    window().scroll_y().ok().filter(|_| here == path)
}

fn once_connected(
    element: web_sys::Element,
    frames: u32,
    act: impl FnOnce(&web_sys::Element) + 'static,
) {
    request_animation_frame(move || {
        if element.is_connected() {
            act(&element);
        } else if let Some(left) = frames.checked_sub(1) {
            once_connected(element, left, act);
        }
    });
}

/// Moves the focus to the field with this name.
pub(crate) fn focus_field(form: &web_sys::Element, name: &str) {
    if let Some(field) = field(form, name) {
        focus(&field);
    }
}

/// Replaces the query of the address without notifying the server or the router.
pub(crate) fn replace_query(query: Option<&str>) {
    let Ok(path) = window().location().pathname() else { return };
    let url = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or(JsValue::NULL);
        // Browsers refuse too many changes in a short time. Only the address is stale then.
        let _ = history.replace_state_with_url(&state, "", Some(&url));
    }
}

/// Returns whether the user asked for less motion.
pub(crate) fn prefers_reduced_motion() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

/// Runs `work` and records its duration in the browser's timeline (User Timing, 3).
pub(crate) fn measure<T>(name: &str, work: impl FnOnce() -> T) -> T {
    mark(name);
    let done = work();
    note(name);
    done
}

/// Measures likewise, until the changes of `work` are in the document.
pub(crate) fn measure_until_shown(name: &'static str, work: impl FnOnce()) {
    mark(name);
    work();
    spawn_local(async move {
        tick().await;
        note(name);
    });
}

fn mark(name: &str) {
    if let Some(performance) = window().performance() {
        let _ = performance.mark(name);
    }
}

fn note(name: &str) {
    if let Some(performance) = window().performance() {
        let _ = performance.measure_with_start_mark(name, name);
        performance.clear_marks_with_mark_name(name);
    }
}

/// Records that a form was just sent and closed.
pub(crate) fn note_submission() {
    SUBMITTED_AT.set(js_sys::Date::now());
}

/// Returns whether a click is the second half of the double click that sent a form.
///
/// The element under the form must not receive that click.
pub(crate) fn ends_a_double_submission(click: &web_sys::MouseEvent) -> bool {
    click.detail() > 1 && js_sys::Date::now() - SUBMITTED_AT.get() < DOUBLE_CLICK_MS
}

/// Returns the value of the field with this name, in a form that may have been filled in before
/// hydration.
pub(crate) fn typed(form: &web_sys::Element, name: &str) -> Option<String> {
    let field = field(form, name)?;
    if let Some(input) = field.dyn_ref::<web_sys::HtmlInputElement>() {
        return Some(input.value());
    }
    field.dyn_ref::<web_sys::HtmlSelectElement>().map(web_sys::HtmlSelectElement::value)
}

/// Stores a text for this tab. Does nothing if the browser has no storage, or no room.
pub(crate) fn keep(place: &str, text: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(place, text);
    }
}

/// Returns the stored text.
pub(crate) fn kept(place: &str) -> Option<String> {
    storage()?.get_item(place).ok().flatten()
}

/// Deletes the stored text.
pub(crate) fn forget_kept(place: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(place);
    }
}

/// Returns the tab's storage; `None` outside a browser, where forms are tested.
fn storage() -> Option<web_sys::Storage> {
    let window = cfg!(target_family = "wasm").then(window)?;
    window.session_storage().ok().flatten()
}

fn field(form: &web_sys::Element, name: &str) -> Option<web_sys::Element> {
    form.query_selector(&format!("[name='{name}']")).ok().flatten()
}
