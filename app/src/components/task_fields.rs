use leptos::ev::Event;
use leptos::prelude::*;

use super::UiContext;
use crate::record::{Draft, Record};
use crate::task_form::{FieldKind, FieldProblem, FieldSpec, Verdict};
use crate::views::OtherRecord;

/// The fields of a task's form.
#[component]
pub fn TaskFields(
    /// The form.
    draft: Draft,
    /// The verdict on the form.
    verdict: Memo<Verdict>,
    /// The unit of counting.
    unit: String,
) -> impl IntoView {
    let fields = draft.task.form.fields;
    let last = fields.len();
    let abreast = |field: &FieldSpec| field.is_abreast;
    let one = |(place, field): (usize, &FieldSpec)| {
        let (draft, unit) = (draft.clone(), unit.clone());
        view! { <TaskField draft verdict field=*field unit first={place == 0}/> }
    };
    let before = fields.iter().enumerate().take_while(|(_, f)| !abreast(f)).map(one);
    let before = before.collect_view();
    let pair: Vec<_> = fields.iter().enumerate().filter(|(_, f)| abreast(f)).map(one).collect();
    let pair = (!pair.is_empty()).then(|| view! { <div class="columns">{pair}</div> });
    let after = (0..last).skip_while(|place| !abreast(&fields[*place]));
    let after =
        after.filter(|place| !abreast(&fields[*place])).map(|place| one((place, &fields[place])));
    let after = after.collect_view();
    view! {
        {before}
        {pair}
        {after}
    }
    .into_any()
}

#[component]
fn TaskField(
    draft: Draft,
    verdict: Memo<Verdict>,
    field: FieldSpec,
    unit: String,
    first: bool,
) -> impl IntoView {
    let FieldSpec { name, label, hint, is_optional: optional, .. } = field;
    let tried = draft.tried.clone();
    // Only for a dialog that the server rendered open; one that the browser opens sets the focus
    // itself.
    let autofocus = first && !UiContext::here().hydrated.get_untracked();
    // A missing value is not called wrong before the form has been sent once.
    let fault = Memo::new(move |_| match verdict.read().field_problem() {
        Some(FieldProblem { field, message, missing }) if *field == name => {
            (!missing || tried.get()).then(|| message.clone())
        }
        _ => None,
    });
    let described_by = move || {
        let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
        let error = fault.read().is_some().then(|| format!("{name}-error"));
        let ids: Vec<_> = hint.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    };
    let invalid = move || fault.read().is_some().then_some("true");
    let heard = {
        let draft = draft.clone();
        move |event: Event| draft.set(name, &event_target_value(&event))
    };
    let input = match field.kind {
        FieldKind::Choice(options) => {
            let described_by = Signal::derive(described_by);
            let options =
                options.iter().map(|&(value, label)| (value.to_owned(), label.to_owned()));
            let options = std::iter::once((String::new(), "Choose…".to_owned())).chain(options);
            let options = options.collect();
            view! { <Choice draft name options required=true autofocus described_by/> }.into_any()
        }
        FieldKind::Record(kind) => {
            let chosen = draft.fields.read_untracked().get(name).to_owned();
            let options = choices(kind, &chosen);
            if options.is_empty() && optional {
                return ().into_any();
            }
            let described_by = Signal::derive(described_by);
            let none = (String::new(), "Unassigned".to_owned());
            let options = std::iter::once(none).chain(options).collect();
            view! { <Choice draft name options required=false autofocus described_by/> }.into_any()
        }
        FieldKind::Line | FieldKind::Count => {
            let value = draft.fields.read_untracked().get(name).to_owned();
            let shown = {
                let fields = draft.fields.clone();
                move || fields.read().get(name).to_owned()
            };
            let is_count = field.kind == FieldKind::Count;
            let input = view! {
                <input
                    class="input"
                    type="text"
                    id=name
                    name=name
                    value=value
                    prop:value=shown
                    inputmode=is_count.then_some("numeric")
                    dir=(!is_count).then_some("auto")
                    autocomplete="off"
                    autofocus=autofocus
                    required=!optional
                    aria-describedby=described_by
                    aria-invalid=invalid
                    on:input=heard.clone()
                    on:change=heard
                />
            };
            if is_count && !unit.is_empty() {
                view! { <div class="measure">{input} <bdi class="soft">{unit}</bdi></div> }
                    .into_any()
            } else {
                input.into_any()
            }
        }
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {input}
            {(!hint.is_empty())
                .then(|| {
                    let optional = optional.then_some("Optional. ");
                    view! {
                        <p class="hint" id=format!("{name}-hint")>
                            {optional}
                            {hint}
                        </p>
                    }
                })}
            {move || {
                fault
                    .get()
                    .map(|fault| view! { <p class="error" id=format!("{name}-error")>{fault}</p> })
            }}
        </div>
    }
    .into_any()
}

/// Returns the records that a field may name, with their ids: those in use, and the chosen one.
fn choices(kind: &str, chosen: &str) -> Vec<(String, String)> {
    let record = use_context::<Record>();
    let others = record.iter().flat_map(|record| record.others(kind));
    let choice = |other: &OtherRecord| {
        let id = other.aggregate.id.to_string();
        (other.is_in_use || id == chosen).then(|| (id, other.name.clone()))
    };
    others.filter_map(choice).collect()
}

/// A choice among options, each with its value and its label. The first one stands for none.
#[component]
fn Choice(
    draft: Draft,
    name: &'static str,
    options: Vec<(String, String)>,
    required: bool,
    autofocus: bool,
    described_by: Signal<Option<String>>,
) -> impl IntoView {
    let chosen = draft.fields.read_untracked().get(name).to_owned();
    let shown = {
        let fields = draft.fields.clone();
        move || fields.read().get(name).to_owned()
    };
    let options = options
        .into_iter()
        .map(|(option, label)| {
            let selected = option == chosen;
            view! {
                <option value=option selected=selected>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class="input"
            id=name
            name=name
            required=required
            autocomplete="off"
            autofocus=autofocus
            aria-describedby=move || described_by.get()
            prop:value=shown
            on:change=move |event| draft.set(name, &event_target_value(&event))
        >
            {options}
        </select>
    }
    .into_any()
}
