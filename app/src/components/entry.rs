use domain::inventory_item::InventoryItemEvent as Event;
use leptos::prelude::*;

use super::{Delta, Evidence, Icon, Prose};
use crate::record::{Performing, Record, Row};
use crate::text::{sentences, stated};

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
    let href = format!("/inventory/{}?version={version}", record.id);
    let view_it = move |click: leptos::ev::MouseEvent| {
        if !(click.ctrl_key() || click.meta_key() || click.shift_key()) {
            click.prevent_default();
            record.view(Some(version));
        }
    };
    let text = sentences(&row.events).unwrap_or_else(|| "A change that cannot be read".to_owned());
    let touches = matches!(
        row.events.last(),
        Some(
            Event::InventoryItemCreated(_)
                | Event::ItemsCheckedIn(_)
                | Event::ItemsRemoved(_)
                | Event::StockAdjusted(_)
        )
    );
    let by = row.delta();
    let sign = match by {
        _ if broken => None,
        1.. => Some("plus"),
        0 => None,
        _ => Some("minus"),
    };
    let delta = match row.on_hand {
        _ if broken => {
            Some(view! { <span class="chip" data-tone="bad">"Damaged"</span> }.into_any())
        }
        to if touches => Some(view! { <Delta by to/> }.into_any()),
        _ => None,
    };
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
                <Icon name=if broken { "warning" } else { icon(row.events.last()) }/>
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
            {fault}
            {reason}
            <Evidence change_set=row.change_set/>
        </li>
    }
    .into_any()
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
    match row.events.last() {
        Some(Event::ItemsRemoved(_)) => None,
        _ => row.change_set.content().reason.clone(),
    }
}

fn icon(event: Option<&Event>) -> &'static str {
    match event {
        Some(Event::InventoryItemCreated(_)) => "created",
        Some(Event::InventoryItemRenamed(_)) => "renamed",
        Some(Event::ItemsCheckedIn(_)) => "checked-in",
        Some(Event::ItemsRemoved(_)) => "removed",
        Some(Event::StockAdjusted(_)) => "adjusted",
        Some(Event::MaxQuantityChanged(_)) => "maximum",
        Some(Event::ReorderLevelSet(_)) => "reorder",
        Some(Event::InventoryItemDeactivated(_)) => "deactivated",
        Some(Event::InventoryItemReactivated(_)) => "reactivated",
        _ => "warning",
    }
}
