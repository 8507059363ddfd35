use leptos::prelude::*;

use crate::text::{Part, parts};

/// A computed sentence.
///
/// It is marked `translate="no"`, because a translator would replace the node that later changes
/// are written to. Text that people wrote keeps its own direction.
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
    view! { <span translate="no">{move || parts(&text.read()).into_iter().map(part).collect_view()}</span> }
        .into_any()
}
