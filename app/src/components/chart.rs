use domain::InventoryItem;
use event_store::Version;
use leptos::prelude::*;

use crate::chart::{Place, Plot, plot};
use crate::record::Record;
use crate::text::grouped;

/// How many were on hand, version by version, as far as the history is loaded. Positions are percentages
/// of the chart, so that its text is never stretched.
#[component]
pub fn Chart(
    /// The state in view.
    item: Memo<InventoryItem>,
) -> impl IntoView {
    let record = Record::here();
    let plot = {
        let record = record.clone();
        Memo::new(move |_| {
            let history = record.history.read();
            let now = &history.now().state;
            plot(&history.levels(), now.max_quantity, now.reorder_level)
        })
    };
    let version = {
        let record = record.clone();
        move || record.viewed.get().unwrap_or_else(|| record.head())
    };
    let point = Memo::new(move |_| plot.read().point(version(), item.read().on_hand));
    let x = move || point.get().0.percent();
    let y = move || point.get().1.percent();
    view! {
        <svg class="chart" role="img" aria-label=move || description(&plot.read())>
            <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">
                <path class="area" d=move || plot.read().area.clone()></path>
                <path class="steps" d=move || plot.read().steps.clone()></path>
            </svg>
            <line class="ceiling" x1="0" x2="100%" y1="0" y2="0"></line>
            <line class="floor" x1="0" x2="100%" y1="100%" y2="100%"></line>
            <text x="0" y="0" dy="14">
                {move || plot.read().top_label.clone()}
            </text>
            {move || plot.read().reorder.map(|(y, level)| view! { <ReorderLine y level/> })}
            <line class="cursor" x1=x x2=x y1="0" y2="100%"></line>
            <circle class="point" cx=x cy=y r="5"></circle>
        </svg>
    }
    .into_any()
}

#[component]
fn ReorderLine(y: Place, level: i64) -> impl IntoView {
    let y = y.percent();
    view! {
        <line class="reorder" x1="0" x2="100%" y1=y.clone() y2=y.clone()></line>
        <text x="0" y=y dy="-5">
            {format!("{} reorder level", grouped(level))}
        </text>
    }
    .into_any()
}

fn description(plot: &Plot) -> String {
    let (Some(first), Some(last)) = (plot.levels.first(), plot.levels.last()) else {
        return "On hand by version".to_owned();
    };
    let highest =
        plot.levels.iter().max_by_key(|(version, level)| (*level, Version::MAX - *version));
    let highest = highest.unwrap_or(last);
    let mut text = format!(
        "On hand by version: {} at version {}, highest {} at version {}, {} at version {}",
        grouped(first.1),
        first.0,
        grouped(highest.1),
        highest.0,
        grouped(last.1),
        last.0,
    );
    if let Some((_, level)) = plot.reorder {
        text.push_str(&format!("; reorder level {}", grouped(level)));
    }
    text
}
