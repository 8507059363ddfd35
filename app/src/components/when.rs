use event_store::Timestamp;
use leptos::prelude::*;

use super::UiContext;
use crate::browser;
use crate::text::{exact, local, minute, relative};

/// A moment, shown as how long ago it was.
///
/// The exact time, in the reader's time zone and in UTC, appears on hover, touch, focus and in
/// print. Until hydration the text is the time to the minute, because the server does not know the
/// reader's clock.
#[component]
pub fn When(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    let clock = UiContext::here().clock;
    let here = {
        let clock = clock.clone();
        move || clock.get().map(|_| local(at, browser::offset))
    };
    let text =
        move || clock.get().map_or_else(|| minute(at), |now| relative(at, now, browser::offset));
    // A finger cannot hover, but gives the focus. No tab stop: the focus of the row or summary
    // around it has the same effect.
    view! {
        <time class="when" translate="no" datetime=at.to_string() tabindex="-1">
            <span class="when-about">{text}</span>
            <span class="when-exact">
                <span class="when-here">{here}</span>
                <span>{exact(at)}</span>
            </span>
        </time>
    }
}
