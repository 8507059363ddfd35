use std::time::Duration;

use api::SampleProgress;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Icon, UiContext};
use crate::listing::Listing;
use crate::server_functions::{load_sample, sample_progress};
use crate::text::grouped;

const POLL_EVERY: Duration = Duration::from_millis(400);

/// The progress of loading the sample company, for the page and its parts.
#[derive(Clone)]
pub struct Sample {
    /// The progress that was received last.
    pub progress: ArcRwSignal<SampleProgress>,
    /// The number of loads that have finished.
    pub loaded: ArcRwSignal<u32>,
    ui_context: UiContext,
}

impl Sample {
    /// Starts from the progress that the page was loaded with.
    pub fn new(progress: SampleProgress) -> Self {
        Self {
            progress: ArcRwSignal::new(progress),
            loaded: ArcRwSignal::new(0),
            ui_context: UiContext::here(),
        }
    }

    fn start(&self) {
        let this = self.clone();
        spawn_local(async move {
            match load_sample().await {
                Ok(progress) => this.hear(progress),
                Err(problem) => this.ui_context.complain(problem.detail),
            }
        });
    }

    fn poll(&self) {
        let this = self.clone();
        set_timeout(
            move || {
                spawn_local(async move {
                    match sample_progress().await {
                        Ok(progress) => this.hear(progress),
                        // The next request may succeed.
                        Err(_) => this.poll(),
                    }
                });
            },
            POLL_EVERY,
        );
    }

    fn hear(&self, progress: SampleProgress) {
        if progress.running {
            self.progress.set(progress);
            self.poll();
        } else if progress.done < progress.total {
            self.progress.set(progress);
            let SampleProgress { done, total, .. } = progress;
            let (done, total) = (grouped(done), grouped(total));
            let stopped =
                format!("Loading stopped at {done} of {total}. Load the sample again to continue.");
            self.ui_context.complain(stopped);
        } else {
            // The load counts as running until the page shows its items.
            self.progress.set(SampleProgress { running: true, ..progress });
            self.loaded.update(|loaded| *loaded = loaded.wrapping_add(1));
            self.ui_context.say("Sample company loaded.".to_owned());
        }
    }

    /// Ends the load, once the page shows its items.
    pub fn finish(&self) {
        self.progress.update(|progress| progress.running = false);
    }
}

/// Offers to create a record or to load the sample company. During a load, shows its progress.
#[component]
pub fn SampleOffer(
    /// The list that the sample company fills.
    listing: &'static Listing,
    children: ChildrenFn,
) -> impl IntoView {
    let sample = use_context::<Sample>().unwrap_or_else(|| Sample::new(SampleProgress::default()));
    let progress = sample.progress.clone();
    let running = Memo::new(move |_| progress.read().running);
    let watched = sample.clone();
    Effect::new(move |already: Option<()>| {
        if already.is_none() && running.get_untracked() {
            watched.poll();
        }
    });
    view! {
        <Show when=move || running.get() fallback=move || view! { <Offer listing children=children.clone()/> }>
            <Loading listing/>
        </Show>
    }
    .into_any()
}

#[component]
fn Offer(listing: &'static Listing, children: ChildrenFn) -> impl IntoView {
    let sample = use_context::<Sample>();
    let load = move |event: SubmitEvent| {
        if let Some(sample) = &sample {
            event.prevent_default();
            sample.start();
        }
    };
    view! {
        <div class="blank">
            {children()}
            <form class="actions" method="post" action="/sample" on:submit=load>
                <a class="button primary" href=listing.new_path()>
                    <Icon name="created"/>
                    {listing.create}
                </a>
                <button class="button" type="submit">
                    "Load the sample company"
                </button>
            </form>
        </div>
    }
    .into_any()
}

#[component]
fn Loading(listing: &'static Listing) -> impl IntoView {
    let sample = use_context::<Sample>().unwrap_or_else(|| Sample::new(SampleProgress::default()));
    let progress = sample.progress;
    let hydrated = UiContext::here().hydrated;
    let (done, total) = {
        let (done, total) = (progress.clone(), progress.clone());
        (move || done.read().done, move || total.read().total.max(1))
    };
    let said = move || {
        let SampleProgress { done, total, .. } = progress.get();
        format!("{} of {} changes", grouped(done), grouped(total))
    };
    view! {
        <div class="blank" aria-busy="true">
            <Icon name=listing.icon/>
            <h2 id="loading">"Loading the sample company"</h2>
            <progress
                class="progress"
                aria-labelledby="loading"
                max=move || total().to_string()
                value=move || done().to_string()
            ></progress>
            <p role="status" translate="no">{said}</p>
            <div class="actions" hidden=move || hydrated.get()>
                <a class="button" href=listing.path>
                    "Refresh"
                </a>
            </div>
        </div>
    }
    .into_any()
}
