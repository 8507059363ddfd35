use leptos::prelude::*;

use crate::kind::{RecordState, Share};
use crate::record::Record;
use crate::text::grouped;

/// The parts of a record's measure by other records, if it is divided.
#[component]
pub fn Shares(
    /// The state in view.
    state: Memo<RecordState>,
) -> impl IntoView {
    let record = Record::here();
    let Some(measure) = record.at.kind.screen().measure else { return ().into_any() };
    let shares = Memo::new(move |_| state.read().shares());
    let row = move |Share { of, value }| {
        let name = match of {
            None => "Unassigned".into_any(),
            Some(other) => {
                let (href, name) = (record.href_of(&other), record.name_of(&other));
                view! { <a href=href><bdi class="clamped">{name}</bdi></a> }.into_any()
            }
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="number">{grouped(value)}</td>
            </tr>
        }
    };
    let table = move || {
        let shares = shares.get();
        (!shares.is_empty()).then(|| {
            view! {
                <section class="shares sheet" aria-labelledby="shares">
                    <div class="panel-head">
                        <h2 id="shares">{measure.by}</h2>
                    </div>
                    <table class="ledger">
                        <caption class="unseen">{measure.by}</caption>
                        <tbody translate="no">{shares.into_iter().map(row.clone()).collect_view()}</tbody>
                    </table>
                </section>
            }
        })
    };
    table.into_any()
}
