use event_store::Timestamp;
use leptos::prelude::*;

use super::Surroundings;
use crate::text::{exact, minute, relative};

/// A moment: how long ago it was, and exactly when on hover. Until the page has come alive it is exact to
/// the minute, since the server does not know the reader's clock.
#[component]
pub fn When(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    let clock = Surroundings::here().clock;
    let text = move || clock.get().map_or_else(|| minute(at), |now| relative(at, now));
    view! { <time datetime=at.to_string() title=exact(at)>{text}</time> }
}
