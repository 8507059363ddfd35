use std::time::Duration;

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;

use crate::browser;
use crate::record::Record;

/// A short history plays at a readable pace. A long one takes larger strides, not more time.
const SLOWEST_MS: u64 = 700;
const FASTEST_MS: u64 = 80;
const WHOLE_RUN_MS: u64 = 15_000;

/// Advances the version in view on a timer.
#[derive(Clone)]
pub(super) struct Player {
    record: Record,
    pub(super) playing: ArcRwSignal<bool>,
    timer: ArcStoredValue<Option<IntervalHandle>>,
}

impl Player {
    pub(super) fn new(record: Record) -> Self {
        let player =
            Self { record, playing: ArcRwSignal::new(false), timer: ArcStoredValue::new(None) };
        let left = player.clone();
        on_cleanup(move || left.pause());
        player
    }

    pub(super) fn toggle(&self) {
        if self.playing.get_untracked() { self.pause() } else { self.play() }
    }

    pub(super) fn pause(&self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        self.playing.set(false);
    }

    fn play(&self) {
        let head = self.record.history.read_untracked().now().version;
        let (every, stride) = pace(head, browser::prefers_reduced_motion());
        if self.record.viewed.get_untracked().is_none() {
            self.record.view(Some(1));
        }
        let player = self.clone();
        let advance = move || {
            player.record.step(stride);
            if player.record.viewed.get_untracked().is_none() {
                player.pause();
            }
        };
        if let Ok(timer) = set_interval_with_handle(advance, every) {
            self.timer.set_value(Some(timer));
            self.playing.set(true);
        }
    }
}

/// Returns the interval between steps, and the number of versions per step.
///
/// If a user who asked for less motion presses Play, the steps are as few and slow as possible.
fn pace(head: u64, less_motion: bool) -> (Duration, i64) {
    let fastest = if less_motion { SLOWEST_MS } else { FASTEST_MS };
    let every = (WHOLE_RUN_MS / head.max(1)).clamp(fastest, SLOWEST_MS);
    let stride = (head * every).div_ceil(WHOLE_RUN_MS).max(1);
    (Duration::from_millis(every), i64::try_from(stride).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_history_plays_version_by_version_and_a_long_one_in_strides() {
        assert_eq!(pace(9, false), (Duration::from_millis(700), 1));
        assert_eq!(pace(100, false), (Duration::from_millis(150), 1));
        assert_eq!(pace(10_000, false), (Duration::from_millis(80), 54));
        assert_eq!(pace(10_000, true), (Duration::from_millis(700), 467));
    }
}
