use event_store::{ChangeSet, Tagged};
use leptos::html;
use leptos::prelude::*;

use super::{Icon, UiContext, When};

/// The actor and the time of a change set, and on demand everything that is stored of it.
#[component]
pub fn Evidence(change_set: ChangeSet) -> impl IntoView {
    let content = change_set.content();
    let (version, actor, at) = (change_set.version, content.actor.clone(), content.recorded_at);
    // Rows that the server rendered are complete, so that they open without JavaScript. Rows added
    // later are filled in when they are opened.
    let opened = RwSignal::new(!UiContext::here().hydrated.get_untracked());
    let details = NodeRef::<html::Details>::new();
    let toggle = move |_| {
        if details.get_untracked().is_some_and(|details| details.open()) {
            opened.set(true);
        }
    };
    view! {
        <details class="evidence" node_ref=details on:toggle=toggle>
            <summary>
                <Icon name="chevron"/>
                <bdi>{actor}</bdi>
                " · "
                <When at/>
                <span class="unseen">{format!(" Details of version {version}")}</span>
            </summary>
            {move || opened.get().then(|| view! { <Kept change_set=change_set.clone()/> })}
        </details>
    }
    .into_any()
}

#[component]
fn Kept(change_set: ChangeSet) -> impl IntoView {
    let content = change_set.content();
    let events: Vec<_> = content.events.iter().map(line).collect();
    let ids = [
        ("Command id", Some(content.command_id.to_string())),
        ("Correlation id", Some(content.correlation_id.to_string())),
        ("Causation id", content.causation_id.map(|id| id.to_string())),
        ("Recorded at", Some(content.recorded_at.to_string())),
        ("Previous hash", Some(change_set.prev.to_string())),
        ("Hash", Some(change_set.hash.to_string())),
    ];
    let ids = ids.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(view! {
            <dt>{name}</dt>
            <dd>{value}</dd>
        })
    });
    let ids = ids.collect_view();
    view! {
        <h3>"Events"</h3>
        <pre>{events.join("\n")}</pre>
        <h3>"Command"</h3>
        <pre>{line(&content.command)}</pre>
        <h3>"As stored"</h3>
        <pre>{change_set.body().to_owned()}</pre>
        <dl>{ids}</dl>
    }
    .into_any()
}

/// Formats a command or an event on one line: its type, then its data.
fn line(tagged: &Tagged) -> String {
    format!("{} {}", tagged.name, tagged.data)
}
