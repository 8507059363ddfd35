use api::Fault;
use leptos::prelude::*;

use super::Icon;
use crate::record::Record;
use crate::text::stated;

/// Notices of the damaged versions, of what is wrong with them, and of what that means for the
/// page.
#[component]
pub fn FaultNotice() -> impl IntoView {
    let record = Record::here();
    let end = {
        let record = record.clone();
        Memo::new(move |_| record.history.read().end())
    };
    let flaw = {
        let record = record.clone();
        Memo::new(move |_| record.history.read().flaw())
    };
    let head = {
        let record = record.clone();
        move || as_of(record.head())
    };
    let stand_in = move || {
        match record.stand_in() {
        Some(version) => as_of(version),
        None => "The current figures come from a later snapshot and are not affected. Do not rely on the versions in between."
            .to_owned(),
    }
    };
    let (head, stand_in) = (Signal::derive(head), Signal::derive(stand_in));
    view! {
        {move || end.get().map(|fault| view! { <Notice fault meaning=head/> })}
        {move || flaw.get().map(|fault| view! { <Notice fault meaning=stand_in/> })}
    }
    .into_any()
}

fn as_of(version: u64) -> String {
    format!("This page shows the record as of version {version}. Do not rely on anything after it.")
}

#[component]
fn Notice(fault: Fault, meaning: Signal<String>) -> impl IntoView {
    let Fault { version, problem } = fault;
    view! {
        <div class="notice" data-tone="bad" role="alert">
            <Icon name="warning"/>
            <h2>{format!("Version {version} is damaged")}</h2>
            <p>{stated(&problem)}</p>
            <p translate="no">{move || meaning.get()}</p>
        </div>
    }
    .into_any()
}
