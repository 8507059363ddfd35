use domain::InventoryItem;
use domain::inventory_item::{
    InventoryItemCommand, InventoryItemEvent, InventoryItemRejection, Task,
};
use event_store::{Aggregate as _, Context, Timestamp};
use uuid::Uuid;

use super::effect::effect;
use super::{FieldProblem, Fields, parse, prompt};

/// What a form would do if it were sent now.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Something is not filled in yet.
    Incomplete(FieldProblem, &'static str),
    /// A field holds what is never right.
    Invalid(FieldProblem),
    /// The domain's no.
    Refused(InventoryItemRejection),
    /// Yes.
    Allowed {
        /// What would be sent.
        command: InventoryItemCommand,
        /// What would happen.
        events: Vec<InventoryItemEvent>,
        /// What the item would be.
        after: InventoryItem,
        /// The same in words.
        effect: String,
    },
}

impl Verdict {
    /// The field to mark, if it is a field's fault.
    pub fn field_problem(&self) -> Option<&FieldProblem> {
        match self {
            Self::Incomplete(problem, _) | Self::Invalid(problem) => Some(problem),
            Self::Refused(_) | Self::Allowed { .. } => None,
        }
    }
}

/// Decides the form's command on the state in view, with the server's own `decide`.
pub fn preflight(task: Task, fields: &Fields, item: &InventoryItem) -> Verdict {
    let command = match parse(task, fields) {
        Ok(command) => command,
        Err(problem) if problem.missing => return Verdict::Incomplete(problem, prompt(task)),
        Err(problem) => return Verdict::Invalid(problem),
    };
    match item.decide(&command, &nowhere()) {
        Ok(events) => {
            let after = events.iter().fold(item.clone(), InventoryItem::evolve);
            let effect = events.last().map_or_else(String::new, |event| effect(event, &after));
            Verdict::Allowed { command, events, after, effect }
        }
        Err(rejection) => match FieldProblem::of_rejection(task, &rejection) {
            Some(problem) => Verdict::Invalid(problem),
            None => Verdict::Refused(rejection),
        },
    }
}

/// An item's rules look neither at who asks nor at when.
fn nowhere() -> Context {
    Context {
        command_id: Uuid::nil(),
        actor: String::new(),
        recorded_at: Timestamp::default(),
        rules: InventoryItem::RULES,
        correlation_id: Uuid::nil(),
        causation_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> InventoryItem {
        InventoryItem {
            sku: "COF".into(),
            name: "Beans".into(),
            unit: "bags".into(),
            on_hand: 40,
            max_quantity: Some(60),
            reorder_level: Some(30),
            active: true,
        }
    }

    fn verdict(task: Task, pairs: &[(&str, &str)]) -> Verdict {
        let fields = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        preflight(task, &fields, &item())
    }

    fn effect_of(task: Task, pairs: &[(&str, &str)]) -> String {
        match verdict(task, pairs) {
            Verdict::Allowed { effect, .. } => effect,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_allowed_form_says_its_effect() {
        let removal = [("quantity", "20"), ("reason", "sold")];
        assert_eq!(effect_of(Task::CheckIn, &[("quantity", "12")]), "52 on hand, room for 8 more");
        assert_eq!(effect_of(Task::CheckIn, &[("quantity", "20")]), "60 on hand, no room for more");
        assert_eq!(
            effect_of(Task::Remove, &removal),
            "20 on hand, room for 40 more, below the reorder level"
        );
        assert_eq!(effect_of(Task::Rename, &[("name", "Tea")]), "“\u{2068}Tea\u{2069}”");
        assert_eq!(effect_of(Task::ChangeMaximum, &[]), "no maximum");
    }

    #[test]
    fn a_refused_form_has_the_domains_reason() {
        let verdict = verdict(Task::CheckIn, &[("quantity", "21")]);
        let expected =
            InventoryItemRejection::ExceedsMaximum { on_hand: 40, quantity: 21, max_quantity: 60 };
        assert_eq!(verdict, Verdict::Refused(expected));
    }

    #[test]
    fn what_is_never_right_is_the_fields_fault() {
        for quantity in ["0", "-1", "1000000001"] {
            let verdict = verdict(Task::CheckIn, &[("quantity", quantity)]);
            let problem = verdict.field_problem().map(|p| p.message.as_str());
            assert_eq!(problem, Some("Quantity must be 1 to 1,000,000,000."), "{quantity}");
        }
    }
}
