use leptos::prelude::*;

use crate::text::{grouped, signed};

/// What a change set did to the figure, and what the figure became: `+12 → 40`.
#[component]
pub fn Delta(
    /// By how much.
    by: i64,
    /// What it became, where that is known.
    to: Option<i64>,
) -> impl IntoView {
    let sign = match by {
        1.. => "plus",
        0 => "none",
        _ => "minus",
    };
    view! {
        <span class="delta" data-sign=sign>
            <b>{signed(by)}</b>
            {to.map(|to| format!(" → {}", grouped(to)))}
        </span>
    }
}
