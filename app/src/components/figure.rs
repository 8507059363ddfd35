use leptos::prelude::*;

use super::{Prose, UiContext};
use crate::kind::RecordState;
use crate::record::Record;

/// The most characters of a figure in the largest type. Words and longer figures are set smaller,
/// to fit on one line.
const SHORT: usize = 9;
const LONG: usize = 13;

/// The figures of a record.
#[component]
pub fn Figures(
    /// The state in view.
    state: Memo<RecordState>,
) -> impl IntoView {
    let names = Record::here().at.kind.screen().figures;
    let figures = Memo::new(move |_| state.read().figures());
    let figure = |(place, &(id, name)): (usize, &(&'static str, &'static str))| {
        let of = move || figures.read().get(place).cloned().unwrap_or_default();
        let value = Signal::derive(move || of().value);
        let note = Signal::derive(move || of().note);
        let low = Signal::derive(move || of().is_low);
        view! { <Figure id name value note low/> }
    };
    let figures = names.iter().enumerate().map(figure).collect_view();
    (!names.is_empty()).then(|| view! { <div class="figures sheet">{figures}</div> }).into_any()
}

#[component]
fn Figure(
    id: &'static str,
    name: &'static str,
    value: Signal<String>,
    note: Signal<String>,
    low: Signal<bool>,
) -> impl IntoView {
    let changes = changes_of(value);
    // Two classes alternate, because an animation restarts only under another name.
    let class = move || match changes.get() {
        0 => "figure",
        n if n % 2 == 1 => "figure changed",
        _ => "figure changed again",
    };
    let length = move || {
        let value = value.read();
        match value.chars().count() {
            ..=SHORT if !value.starts_with(char::is_alphabetic) => None,
            ..=LONG => Some("long"),
            _ => Some("longest"),
        }
    };
    // Only the figure itself is a status, so that a change is announced as the name and the new
    // value.
    view! {
        <div
            class=class
            data-tone=move || low.get().then_some("low")
            data-length=length
        >
            <p class="figure-name" id=format!("figure-{id}")>
                {name}
            </p>
            <p class="figure-value" role="status" translate="no" aria-labelledby=format!("figure-{id}")>
                {move || value.get()}
            </p>
            <p class="figure-note">
                <Prose text=note/>
            </p>
        </div>
    }
    .into_any()
}

/// Counts the changes of a value since hydration.
fn changes_of(value: Signal<String>) -> RwSignal<u32> {
    let changes = RwSignal::new(0_u32);
    let hydrated = UiContext::here().hydrated;
    Effect::new(move |before: Option<String>| {
        let value = value.get();
        if hydrated.get_untracked() && before.is_some_and(|before| before != value) {
            changes.update(|changes| *changes = changes.wrapping_add(1));
        }
        value
    });
    changes
}
