use leptos::prelude::*;

use super::{Icon, Prose, Toast, UiContext};

/// The current toasts, shown and announced.
#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = UiContext::here().toasts;
    view! {
        <div class="toasts" aria-live="polite">
            <For each=move || toasts.get() key=|toast| toast.number let:toast>
                <ToastView toast/>
            </For>
        </div>
    }
    .into_any()
}

#[component]
fn ToastView(toast: Toast) -> impl IntoView {
    let ui_context = UiContext::here();
    let Toast { number, text, link, bad } = toast;
    // The address may lag the version in view, and the router might mistake the link for the
    // current page.
    let link = link.map(|(href, text)| view! { " " <a rel="external" href=href>{text}</a> });
    view! {
        <div class="toast" data-tone=bad.then_some("bad")>
            <p>
                <Prose text/>
                {link}
            </p>
            <button
                class="button quiet square"
                type="button"
                aria-label="Dismiss"
                on:click=move |_| ui_context.dismiss(number)
            >
                <Icon name="close"/>
            </button>
        </div>
    }
    .into_any()
}

/// Announces the page that was navigated to, because no page load does.
#[component]
pub fn Announcer() -> impl IntoView {
    let announcement = UiContext::here().announcement;
    view! { <div class="unseen" aria-live="polite" translate="no">{move || announcement.get()}</div> }.into_any()
}
