use domain::InventoryItem;
use domain::inventory_item::{Balances, InventoryItemRejection, Task};

use crate::kind::{ErasedState, erased, refusal};
use crate::task_form::{FieldProblem, Fields, Verdict};

fn item() -> InventoryItem {
    InventoryItem {
        sku: "COF".into(),
        name: "Beans".into(),
        unit: "bags".into(),
        on_hand: 40,
        balances: Balances::default().with(None, 40),
        max_quantity: Some(60),
        reorder_level: Some(30),
        active: true,
    }
}

fn verdict(task: Task, pairs: &[(&str, &str)]) -> Verdict {
    let fields = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    preflight(task, &fields, &item())
}

fn preflight(task: Task, fields: &Fields, item: &InventoryItem) -> Verdict {
    ErasedState::preflight(item, erased::<InventoryItem>(task), fields)
}

fn prompt(task: Task) -> &'static str {
    super::forms::form(task).prompt
}

fn refused(rejection: InventoryItemRejection) -> Verdict {
    Verdict::Refused(refusal::<InventoryItem>(&rejection))
}

fn effect_of(task: Task, pairs: &[(&str, &str)]) -> String {
    match verdict(task, pairs) {
        Verdict::Allowed { effect, .. } => effect,
        other => format!("{other:?}"),
    }
}

#[test]
fn an_allowed_form_describes_its_effect() {
    let removal = [("quantity", "20"), ("reason", "sold")];
    assert_eq!(effect_of(Task::CheckIn, &[("quantity", "12")]), "52 on hand, room for 8 more");
    assert_eq!(effect_of(Task::CheckIn, &[("quantity", "20")]), "60 on hand, full");
    assert_eq!(
        effect_of(Task::Remove, &removal),
        "20 on hand, room for 40 more, below the reorder level"
    );
    assert_eq!(effect_of(Task::Rename, &[("name", "Tea")]), "named “\u{2068}Tea\u{2069}”");
    assert_eq!(effect_of(Task::ChangeMaximum, &[]), "no maximum");
    assert_eq!(effect_of(Task::Adjust, &[("counted", "40")]), "40 on hand, as before");
}

#[test]
fn a_refused_form_has_the_domains_reason() {
    let verdict = verdict(Task::CheckIn, &[("quantity", "21")]);
    let expected =
        InventoryItemRejection::ExceedsMaximum { on_hand: 40, quantity: 21, max_quantity: 60 };
    assert_eq!(verdict, refused(expected));
}

#[test]
fn only_a_difference_needs_a_reason() {
    let message = "Reason for the difference must not be blank.".to_owned();
    let expected = FieldProblem { field: "reason", message, missing: true };
    let counted = verdict(Task::Adjust, &[("counted", "39")]);
    assert_eq!(counted, Verdict::Incomplete(expected, prompt(Task::Adjust)));
}

#[test]
fn an_unchanged_figure_is_not_wrong_until_it_is_typed() {
    for (task, field, same) in
        [(Task::ChangeMaximum, "max_quantity", "60"), (Task::SetReorderLevel, "level", "30")]
    {
        let opened = verdict(task, &[(field, same)]);
        assert!(matches!(opened, Verdict::Incomplete(..)), "{opened:?}");
        let typed = verdict(task, &[(field, &format!("{same} "))]);
        assert!(matches!(typed, Verdict::Refused(_)), "{typed:?}");
    }
}

#[test]
fn an_untouched_form_is_not_wrong_yet() {
    let same = "That is already its name.".to_owned();
    let expected = FieldProblem { field: "name", message: same, missing: true };
    let opened = verdict(Task::Rename, &[("name", "Beans")]);
    assert_eq!(opened, Verdict::Incomplete(expected, prompt(Task::Rename)));
    let typed = verdict(Task::Rename, &[("name", "Beans ")]);
    assert!(matches!(typed, Verdict::Refused(_)), "{typed:?}");
    let gone = InventoryItem { active: false, ..item() };
    let closed = preflight(Task::Rename, &super::forms::initial(&gone, Task::Rename), &gone);
    assert_eq!(closed, refused(InventoryItemRejection::Inactive));
}

#[test]
fn characters_are_counted_as_in_the_domain() {
    let name = "👩‍🌾".repeat(77);
    let verdict = verdict(Task::Rename, &[("name", &name)]);
    let problem = verdict.field_problem().map(|p| p.message.as_str());
    assert_eq!(problem, Some("New name is too long: 231 characters; at most 200 are allowed."));
}

#[test]
fn a_value_that_no_state_accepts_is_a_field_problem() {
    for quantity in ["0", "-1", "1000000001"] {
        let verdict = verdict(Task::CheckIn, &[("quantity", quantity)]);
        let problem = verdict.field_problem().map(|p| p.message.as_str());
        assert_eq!(problem, Some("Quantity must be 1 to 1,000,000,000."), "{quantity}");
    }
}
