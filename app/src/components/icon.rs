use leptos::prelude::*;

/// The symbols that [`Icon`] refers to, once per document.
pub const SPRITE: &str = include_str!("icon/sprite.svg");

/// A symbol of the sprite, next to a text with the same meaning.
#[component]
pub fn Icon(
    /// The symbol's id.
    #[prop(into)]
    name: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use_ href=move || format!("#{}", name.get())></use_>
        </svg>
    }
}
