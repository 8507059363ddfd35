use std::time::Duration;

use event_store::Version;
use leptos::ev;
use leptos::prelude::*;

use crate::kind::RecordRef;
use crate::{browser, waking};

/// The time that a toast stays unless dismissed, which is long enough to read it twice.
const TOAST_STAYS: Duration = Duration::from_secs(12);
const CLOCK_TICKS: Duration = Duration::from_secs(30);

/// The state of the browser around the page, and the messages to the user.
#[derive(Clone)]
pub struct UiContext {
    /// `true` after hydration.
    pub hydrated: ArcRwSignal<bool>,
    /// The time in milliseconds; `None` until hydration, so that server and browser first render
    /// the same.
    pub clock: ArcRwSignal<Option<i64>>,
    /// `true` while the browser reports that it is offline.
    pub offline: ArcRwSignal<bool>,
    /// The number of times that the user has returned to the page.
    pub returns: ArcRwSignal<u32>,
    /// The current toasts, newest last.
    pub toasts: ArcRwSignal<Vec<Toast>>,
    /// The page that was navigated to, announced to those who cannot see it.
    pub announcement: ArcRwSignal<String>,
    /// The path of the last heading that was shown.
    pub(super) headed: ArcRwSignal<Option<String>>,
    next_toast: ArcStoredValue<u32>,
}

/// A short message that disappears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Distinguishes the toast from others.
    pub number: u32,
    /// The message.
    pub text: String,
    /// The address and the text of a link.
    pub link: Option<(String, String)>,
    /// `true` for bad news.
    pub bad: bool,
}

impl UiContext {
    /// Returns the context of a page before hydration.
    pub fn new() -> Self {
        Self {
            hydrated: ArcRwSignal::new(false),
            clock: ArcRwSignal::new(None),
            offline: ArcRwSignal::new(false),
            returns: ArcRwSignal::new(0),
            toasts: ArcRwSignal::new(Vec::new()),
            announcement: ArcRwSignal::new(String::new()),
            headed: ArcRwSignal::new(None),
            next_toast: ArcStoredValue::new(0),
        }
    }

    /// Returns the context of this page.
    pub fn here() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Starts the clock and watches the network after hydration.
    pub fn come_alive(&self) {
        let this = self.clone();
        Effect::new(move |already: Option<()>| {
            if already.is_some() || !waking::is_awake() {
                return;
            }
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-hydrated", "");
            }
            this.hydrated.set(true);
            this.clock.set(Some(browser::now_ms()));
            this.offline.set(!window().navigator().on_line());
            waking::count_returns(&this.returns, &this.offline);
            let clock = this.clock.clone();
            set_interval(move || clock.set(Some(browser::now_ms())), CLOCK_TICKS);
            for (event, is_offline) in [("offline", true), ("online", false)] {
                let offline = this.offline.clone();
                let event = ev::Custom::<ev::CustomEvent>::new(event);
                window_event_listener(event, move |_| offline.set(is_offline));
            }
        });
    }

    /// Runs `act` each time the user returns to the page from now on.
    pub fn on_return(&self, act: impl Fn() + 'static) {
        let returns = self.returns.clone();
        Effect::new(move |before: Option<u32>| {
            let returns = returns.get();
            if before.is_some_and(|before| before != returns) {
                act();
            }
            returns
        });
    }

    /// Tells the result of a change, with a link to the new version.
    pub fn say_of_version(&self, text: String, at: RecordRef, version: Version) {
        let link = (at.version_href(version), format!("Version {version}"));
        self.toast(text, Some(link), false);
    }

    /// Tells of a success.
    pub fn say(&self, text: String) {
        self.toast(text, None, false);
    }

    /// Tells of a problem.
    pub fn complain(&self, text: String) {
        self.toast(text, None, true);
    }

    /// Removes a toast.
    pub fn dismiss(&self, number: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.number != number));
    }

    fn toast(&self, text: String, link: Option<(String, String)>, bad: bool) {
        let number = self.next_toast.get_value();
        self.next_toast.set_value(number.wrapping_add(1));
        // Show one at a time: earlier changes are in the timeline.
        self.toasts.set(vec![Toast { number, text, link, bad }]);
        let this = self.clone();
        set_timeout(move || this.dismiss(number), TOAST_STAYS);
    }
}

impl Default for UiContext {
    fn default() -> Self {
        Self::new()
    }
}
