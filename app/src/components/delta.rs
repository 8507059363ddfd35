use leptos::prelude::*;

use crate::text::{grouped, signed};

/// The effect of a change set on a figure, and the resulting figure: `+12 → 40`.
#[component]
pub fn Delta(
    /// The change of the figure.
    by: i64,
    /// The resulting figure, if known.
    to: Option<i64>,
) -> impl IntoView {
    let sign = match by {
        1.. => "plus",
        0 => "none",
        _ => "minus",
    };
    // "0 → 30" would read as a change from 0 to 30.
    let change = match to {
        Some(1..) if by == 0 => "±0".to_owned(),
        _ => signed(by),
    };
    view! {
        <span class="delta" data-sign=sign>
            <b>{change}</b>
            {to.map(|to| format!(" → {}", grouped(to)))}
        </span>
    }
}
