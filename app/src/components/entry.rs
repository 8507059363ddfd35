use leptos::prelude::*;

use super::{Delta, Evidence, Icon, Prose};
use crate::kind::Mention;
use crate::record::{Performing, Record, Row};
use crate::text::stated;

/// One change set in the timeline.
#[component]
pub fn Entry(row: Row) -> impl IntoView {
    let record = Record::here();
    let version = row.change_set.version;
    let viewed = record.viewed.clone();
    let broken = row.fault.is_some();
    let state = {
        let viewed = viewed.clone();
        let later = move || viewed.get().is_some_and(|viewed| viewed < version).then_some("later");
        move || if broken { Some("broken") } else { later() }
    };
    let current = move || (viewed.get() == Some(version)).then_some("true");
    let href = record.at.version_href(version);
    let view_it = move |click: leptos::ev::MouseEvent| {
        if !(click.ctrl_key() || click.meta_key() || click.shift_key()) {
            click.prevent_default();
            record.view(Some(version));
        }
    };
    let text = row.told.as_ref().and_then(|told| told.sentence.clone());
    let text = text.unwrap_or_else(|| "A change that cannot be read".to_owned());
    let touches = row.told.as_ref().is_some_and(|told| told.is_movement);
    let icon = row.told.as_ref().filter(|_| !broken).map_or("warning", |told| told.icon);
    let by = row.delta();
    let sign = match by {
        _ if broken => None,
        1.. => Some("plus"),
        0 => None,
        _ => Some("minus"),
    };
    let delta = match row.value {
        _ if broken => {
            Some(view! { <span class="chip" data-tone="bad">"Damaged"</span> }.into_any())
        }
        to if touches => Some(view! { <Delta by to/> }.into_any()),
        _ => None,
    };
    let mentions = row.told.as_ref().map(|told| told.mentions.clone()).unwrap_or_default();
    let mentions = (!mentions.is_empty()).then(|| view! { <Mentions mentions/> });
    let fault = row.fault.as_deref().map(|fault| view! { <p class="story">{stated(fault)}</p> });
    let reason = reason(&row).map(|reason| view! { <p class="reason"><bdi>{reason}</bdi></p> });
    view! {
        <li
            class="entry"
            id=format!("v{version}")
            data-sign=sign
            data-state=state
            aria-current=current
        >
            <span class="mark">
                <Icon name=icon/>
            </span>
            <p class="sentence">
                <Prose text/>
            </p>
            <div class="outcome">
                {delta}
                <a
                    class="version"
                    href=href
                    aria-label=format!("Version {version}")
                    on:click=view_it
                >
                    {version}
                </a>
            </div>
            {mentions}
            {fault}
            {reason}
            <Evidence change_set=row.change_set/>
        </li>
    }
    .into_any()
}

/// The other records that a change set is about: `from Back room to Van`.
#[component]
fn Mentions(mentions: Vec<Mention>) -> impl IntoView {
    let record = Record::here();
    let mention = |Mention { word, of }| {
        let name = match of {
            None => "unassigned".into_any(),
            Some(other) => {
                let (href, name) = (record.href_of(&other), record.name_of(&other));
                view! { <a href=href><bdi>{name}</bdi></a> }.into_any()
            }
        };
        view! { {word} " " {name} " " }
    };
    let mentions = mentions.into_iter().map(mention).collect_view();
    view! { <p class="mentions" translate="no">{mentions}</p> }.into_any()
}

/// A command that has been sent and not yet answered.
#[component]
pub fn PendingEntry(performing: Performing) -> impl IntoView {
    view! {
        <li class="entry" data-state="pending" aria-busy="true">
            <span class="mark"></span>
            <p class="sentence">
                <Prose text=performing.sentence/>
            </p>
            <div class="outcome">
                <span class="chip">"Saving…"</span>
            </div>
        </li>
    }
    .into_any()
}

/// Returns the reason, unless the sentence contains it.
fn reason(row: &Row) -> Option<String> {
    let is_said = row.told.as_ref().is_some_and(|told| told.says_reason);
    row.change_set.content().reason.clone().filter(|_| !is_said)
}
