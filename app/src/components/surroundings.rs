use std::time::Duration;

use event_store::Version;
use leptos::ev;
use leptos::prelude::*;
use uuid::Uuid;

use crate::{browser, waking};

/// How long a toast stays unless it is dismissed; long enough to be read twice.
const TOAST_STAYS: Duration = Duration::from_secs(12);
const CLOCK_TICKS: Duration = Duration::from_secs(30);

/// What every part of the page may want to know of the browser around it, or to say to the person.
#[derive(Clone)]
pub struct Surroundings {
    /// Whether the page has come alive.
    pub hydrated: ArcRwSignal<bool>,
    /// The time in milliseconds; `None` until the page has come alive, so that server and browser first
    /// render the same.
    pub clock: ArcRwSignal<Option<i64>>,
    /// Whether the browser says that it is offline.
    pub offline: ArcRwSignal<bool>,
    /// The number of times that the person has come back to the page.
    pub returns: ArcRwSignal<u32>,
    /// What has just been said, newest last.
    pub toasts: ArcRwSignal<Vec<Toast>>,
    /// The page that was navigated to, for those who cannot see it.
    pub announcement: ArcRwSignal<String>,
    /// The path whose heading had the focus last.
    pub(super) headed: ArcRwSignal<Option<String>>,
    next_toast: ArcStoredValue<u32>,
}

/// Something said in passing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Tells it from the others.
    pub number: u32,
    /// What is said.
    pub text: String,
    /// Where to see it: an address and the link's text.
    pub link: Option<(String, String)>,
    /// Whether it is bad news.
    pub bad: bool,
}

impl Surroundings {
    /// Those of a page that has not come alive.
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

    /// Those of this page.
    pub fn here() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Starts the clock and listens to the network, once the page has come alive.
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

    /// Runs `act` each time the person comes back to the page from now on.
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

    /// Says what became of an item, with a link to the version that it became.
    pub fn say_of_version(&self, text: String, id: Uuid, version: Version) {
        let link = (format!("/inventory/{id}?version={version}"), format!("Version {version}"));
        self.toast(text, Some(link), false);
    }

    /// Says something that is as it should be.
    pub fn say(&self, text: String) {
        self.toast(text, None, false);
    }

    /// Says something that is not as it should be.
    pub fn complain(&self, text: String) {
        self.toast(text, None, true);
    }

    /// Takes a toast away.
    pub fn dismiss(&self, number: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.number != number));
    }

    fn toast(&self, text: String, link: Option<(String, String)>, bad: bool) {
        let number = self.next_toast.get_value();
        self.next_toast.set_value(number.wrapping_add(1));
        // One at a time: what was said before is in the timeline.
        self.toasts.set(vec![Toast { number, text, link, bad }]);
        let this = self.clone();
        set_timeout(move || this.dismiss(number), TOAST_STAYS);
    }
}

impl Default for Surroundings {
    fn default() -> Self {
        Self::new()
    }
}
