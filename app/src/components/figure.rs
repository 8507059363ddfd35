use domain::InventoryItem;
use leptos::prelude::*;

use super::{Prose, UiContext};
use crate::text::{grouped, isolated};

/// The most characters of a figure in the largest type. Words and longer figures are set smaller,
/// to fit on one line.
const SHORT: usize = 9;
const LONG: usize = 13;

/// The three figures of an item.
#[component]
pub fn Figures(
    /// The state in view.
    item: Memo<InventoryItem>,
) -> impl IntoView {
    let on_hand = move || grouped(item.read().on_hand);
    let unit = move || isolated(&item.read().unit);
    let most = move || item.read().max_quantity.map_or_else(|| "No limit".to_owned(), grouped);
    let room = move || {
        let item = item.read();
        let room = item.max_quantity.map(|most| most.saturating_sub(item.on_hand));
        room.map_or_else(String::new, |room| match room {
            0 => "full".to_owned(),
            1.. => format!("room for {}", grouped(room)),
            over => format!("{} over", grouped(over.saturating_neg())),
        })
    };
    let level = move || item.read().reorder_level.map_or_else(|| "Not set".to_owned(), grouped);
    let distance = move || {
        let item = item.read();
        let above = item.reorder_level.map(|level| item.on_hand.saturating_sub(level));
        above.map_or_else(String::new, |above| match above {
            0 => "at this level".to_owned(),
            1.. => format!("{} above", grouped(above)),
            below => format!("{} below", grouped(below.saturating_neg())),
        })
    };
    let low = Signal::derive(move || item.read().is_below_reorder_level());
    view! {
        <div class="figures sheet">
            <Figure id="on-hand" name="On hand" value=Signal::derive(on_hand) note=Signal::derive(unit)/>
            <Figure id="maximum" name="Maximum" value=Signal::derive(most) note=Signal::derive(room)/>
            <Figure
                id="reorder-level"
                name="Reorder level"
                value=Signal::derive(level)
                note=Signal::derive(distance)
                low
            />
        </div>
    }
    .into_any()
}

#[component]
fn Figure(
    id: &'static str,
    name: &'static str,
    value: Signal<String>,
    note: Signal<String>,
    #[prop(optional, into)] low: Signal<bool>,
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
