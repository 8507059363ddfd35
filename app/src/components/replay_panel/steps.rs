use event_store::Version;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::super::{Icon, UiContext};
use super::player::Player;
use crate::record::Record;

/// The buttons under the slider, as an alternative to dragging (WCAG 2.2, 2.5.7).
#[component]
pub(super) fn Steps(version: Memo<Version>, head: Memo<Version>, action: String) -> impl IntoView {
    let record = Record::here();
    let player = Player::new(record.clone());
    let at_start = move || version.get() <= 1;
    let at_end = move || version.get() >= head.get();
    let viewed = record.viewed.clone();
    let step = |by: i64| {
        let (record, player) = (record.clone(), player.clone());
        move |click: MouseEvent| {
            click.prevent_default();
            player.pause();
            record.step(by);
        }
    };
    let (back, on) = (step(-1), step(1));
    let return_to_now = {
        let (record, player) = (record.clone(), player.clone());
        move |click: MouseEvent| {
            click.prevent_default();
            player.pause();
            record.view(None);
        }
    };
    let hydrated = UiContext::here().hydrated;
    let playing = player.playing.clone();
    let label = {
        let playing = playing.clone();
        move || if playing.get() { "Pause" } else { "Play" }
    };
    let icon = Signal::derive(move || if playing.get() { "pause" } else { "play" });
    view! {
        <form class="replay-bar" method="get" action=action>
            <button
                class="button square"
                type="submit"
                name="version"
                value=move || version.get().saturating_sub(1).to_string()
                aria-label="Previous version"
                disabled=at_start
                on:click=back
            >
                <Icon name="previous"/>
            </button>
            <button
                class="button square"
                type="button"
                aria-label=label
                disabled=move || head.get() <= 1
                hidden=move || !hydrated.get()
                on:click=move |_| player.toggle()
            >
                <Icon name=icon/>
            </button>
            <button
                class="button square"
                type="submit"
                name="version"
                value=move || (version.get() + 1).to_string()
                aria-label="Next version"
                disabled=at_end
                on:click=on
            >
                <Icon name="next"/>
            </button>
            <button
                class="button compact"
                type="submit"
                disabled=move || viewed.read().is_none()
                on:click=return_to_now
            >
                "Return to now"
            </button>
        </form>
    }
    .into_any()
}
