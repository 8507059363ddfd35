mod player;
mod steps;

use leptos::prelude::*;

use super::{Chart, UiContext};
use crate::browser;
use crate::kind::RecordState;
use crate::record::Record;
use crate::text::{grouped, local_date, long_date};
use steps::Steps;

/// The slider through all versions. Without JavaScript it is a form that requests a version.
#[component]
pub fn ReplayPanel(
    /// The state in view.
    state: Memo<RecordState>,
) -> impl IntoView {
    let record = Record::here();
    let head = {
        let record = record.clone();
        Memo::new(move |_| record.head())
    };
    let version = {
        let viewed = record.viewed.clone();
        Memo::new(move |_| viewed.get().unwrap_or_else(|| head.get()))
    };
    let spoken = {
        let record = record.clone();
        let clock = UiContext::here().clock;
        move || {
            let history = record.history.read();
            let at = history.change_set(version.get()).map(|c| c.content().recorded_at);
            // In UTC until hydration: the server does not know the reader's time zone.
            let day =
                |at| clock.get().map_or_else(|| long_date(at), |_| local_date(at, browser::offset));
            let date = at.map(|at| format!(", {}", day(at))).unwrap_or_default();
            format!("Version {} of {}{date}", version.get(), head.get())
        }
    };
    let part = {
        let record = record.clone();
        move || {
            let (first, last) = record.history.read().span();
            let drawn = format!(" · versions {first} to {last} drawn");
            ((first, last) != (1, head.get())).then_some(drawn)
        }
    };
    let action = record.at.href();
    let measure = record.at.kind.screen().measure;
    let slide = {
        let record = record.clone();
        move |event| {
            if let Ok(version) = event_target_value(&event).parse() {
                record.view(Some(version));
            }
        }
    };
    let (prepare, prepare_too) = (record.clone(), record);
    let hydrated = UiContext::here().hydrated;
    view! {
        <section class="replay sheet" aria-labelledby="replay">
            <div class="panel-head">
                <h2 id="replay">"Replay"</h2>
                <p class="soft small" translate="no">
                    {move || {
                        // On a phone, the figures above are out of view while a thumb is on the
                        // slider.
                        let level = measure.and_then(|measure| {
                            let value = grouped(state.read().level()?.value);
                            Some(format!("{value} {} · ", measure.after_figure))
                        });
                        let level = level.unwrap_or_default();
                        format!("{level}version {} of {}", version.get(), head.get())
                    }}
                    {part}
                </p>
            </div>
            {measure.map(|measure| view! { <Chart state measure/> })}
            <form method="get" action=action.clone()>
                <input
                    class="slider"
                    type="range"
                    name="version"
                    aria-label="Version"
                    aria-valuetext=spoken
                    min="1"
                    max=move || head.get().to_string()
                    value=version.get_untracked().to_string()
                    prop:value=move || {
                        // Set after `max`, or the browser would clamp it.
                        head.track();
                        version.get().to_string()
                    }
                    autocomplete="off"
                    on:input=slide
                    on:pointerenter=move |_| prepare.prepare_replay()
                    on:focus=move |_| prepare_too.prepare_replay()
                />
                <button class="button compact" type="submit" hidden=move || hydrated.get()>
                    "View version"
                </button>
            </form>
            <Steps version head action/>
        </section>
    }
    .into_any()
}
