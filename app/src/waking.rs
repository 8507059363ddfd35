//! The moments after which a page may be stale.

use std::cell::Cell;
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// `PerformanceNavigation.TYPE_BACK_FORWARD`: Back, Forward, or a restored session. The HTML may
/// come from the browser's cache, and be of any age.
const FROM_HISTORY: u16 = 2;

thread_local! {
    static AWAKE: Cell<bool> = const { Cell::new(false) };
}

/// Records that hydration has finished. Until then the page does not count as hydrated, because
/// effects that were created before a panic run even if hydration never finishes.
pub fn wake() {
    AWAKE.set(true);
}

pub(crate) fn is_awake() -> bool {
    AWAKE.get()
}

/// Counts the user's returns to the page: to its tab, to its window, to the network, or to the page
/// itself by Back.
///
/// Browsers report one return with several events, which count once. A frozen page receives no
/// network events, so `offline` is read again on each return.
pub(crate) fn count_returns(returns: &ArcRwSignal<u32>, offline: &ArcRwSignal<bool>) {
    let pending = ArcStoredValue::new(false);
    let (returns, offline) = (returns.clone(), offline.clone());
    let returned = move || {
        if pending.get_value() {
            return;
        }
        pending.set_value(true);
        let (pending, returns, offline) = (pending.clone(), returns.clone(), offline.clone());
        let count = move || {
            pending.set_value(false);
            offline.set(!window().navigator().on_line());
            returns.update(|returns| *returns = returns.wrapping_add(1));
        };
        set_timeout(count, Duration::ZERO);
    };
    if comes_from_history() {
        returned();
    }
    for name in ["focus", "online", "visibilitychange", "pageshow"] {
        let returned = returned.clone();
        window_event_listener(ev::Custom::<ev::Event>::new(name), move |event| {
            if !document().hidden() && !is_first_show(&event) {
                returned();
            }
        });
    }
}

fn comes_from_history() -> bool {
    window()
        .performance()
        .is_some_and(|performance| performance.navigation().type_() == FROM_HISTORY)
}

/// Returns whether the event is the `pageshow` of a page that was just loaded.
fn is_first_show(event: &ev::Event) -> bool {
    let shown = event.dyn_ref::<web_sys::PageTransitionEvent>();
    shown.is_some_and(|shown| !shown.persisted())
}
