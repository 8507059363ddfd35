use event_store::Version;
use leptos::prelude::*;

use crate::chart::{Level, Plot, plot};
use crate::kind::{Measure, RecordState};
use crate::record::Record;
use crate::text::grouped;

/// The measure of a record by version, with its limits as of each version.
///
/// Positions are percentages of the chart, so that its text is never stretched.
#[component]
pub fn Chart(
    /// The state in view.
    state: Memo<RecordState>,
    /// The words for the measure.
    measure: Measure,
) -> impl IntoView {
    let level = Memo::new(move |_| state.read().level().unwrap_or_default());
    let record = Record::here();
    let plot = {
        let record = record.clone();
        Memo::new(move |_| {
            let history = record.history.read();
            plot(&history.levels(), history.now().version)
        })
    };
    let version = {
        let record = record.clone();
        move || record.viewed.get().unwrap_or_else(|| record.head())
    };
    let point = Memo::new(move |_| plot.read().point(version(), level.read().value));
    let x = move || point.get().0.percent();
    let y = move || point.get().1.percent();
    // The names of the lines are placed where the lines are at the version in view.
    let ceiling = move || {
        let top = plot.read().top;
        let name = (level.read().maximum == Some(top)).then(|| format!(" {}", measure.maximum));
        format!("{}{}", grouped(top), name.unwrap_or_default())
    };
    let maximum = move || level.read().maximum.filter(|most| *most < plot.read().top);
    let reorder = move || level.read().reorder;
    view! {
        <svg class="chart" role="img" translate="no" aria-label=move || description(measure, &plot.read(), &level.read())>
            <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">
                <path class="area" d=move || plot.read().area.clone()></path>
                <path class="steps" d=move || plot.read().steps.clone()></path>
                <path class="maximum" d=move || plot.read().maximum.clone()></path>
                <path class="reorder" d=move || plot.read().reorder.clone()></path>
            </svg>
            <line class="ceiling" x1="0" x2="100%" y1="0" y2="0"></line>
            <line class="floor" x1="0" x2="100%" y1="100%" y2="100%"></line>
            <text x="0" y="0" dy="14">
                {ceiling}
            </text>
            <LineName plot level=Signal::derive(maximum) name=measure.maximum/>
            <LineName plot level=Signal::derive(reorder) name=measure.reorder/>
            <line class="cursor" x1=x x2=x y1="0" y2="100%"></line>
            <circle class="point" cx=x cy=y r="5"></circle>
        </svg>
    }
    .into_any()
}

#[component]
fn LineName(plot: Memo<Plot>, level: Signal<Option<i64>>, name: &'static str) -> impl IntoView {
    move || {
        let level = level.get()?;
        let y = plot.read().height(level)?.percent();
        Some(view! {
            <text x="0" y=y dy="-5">
                {format!("{} {name}", grouped(level))}
            </text>
        })
    }
}

fn description(measure: Measure, plot: &Plot, level: &Level) -> String {
    let (Some(first), Some(last)) = (plot.levels.first(), plot.levels.last()) else {
        return format!("{} by version", measure.name);
    };
    let highest = plot.levels.iter().max_by_key(|at| (at.value, Version::MAX - at.version));
    let highest = highest.unwrap_or(last);
    let mut text = format!(
        "{} by version: {} at version {}, highest {} at version {}, {} at version {}",
        measure.name,
        grouped(first.value),
        first.version,
        grouped(highest.value),
        highest.version,
        grouped(last.value),
        last.version,
    );
    if let Some(reorder) = level.reorder {
        text.push_str(&format!("; {} {}", measure.reorder, grouped(reorder)));
    }
    if let Some(most) = level.maximum {
        text.push_str(&format!("; {} {}", measure.maximum, grouped(most)));
    }
    if let Some((first, last)) = plot.part() {
        text.push_str(&format!("; only versions {first} to {last} are drawn"));
    }
    text
}
