use leptos::prelude::*;

use crate::text::{Part, parts};

/// A sentence, in which what people wrote keeps its own direction.
#[component]
pub fn Prose(
    /// The sentence.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let part = |part| match part {
        Part::Ours(text) => text.into_any(),
        Part::Theirs(text) => view! { <bdi>{text}</bdi> }.into_any(),
    };
    (move || parts(&text.read()).into_iter().map(part).collect_view()).into_any()
}
