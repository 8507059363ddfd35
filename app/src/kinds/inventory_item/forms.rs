use domain::inventory_item::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand as Command, ReactivateInventoryItem, RemoveItems, RenameInventoryItem,
    SetReorderLevel, Task, TransferItems,
};
use domain::{InventoryItem, Location};
use event_store::Aggregate;
use uuid::Uuid;

use super::sentence::REMOVAL_REASONS;
use crate::task_form::{FieldProblem, FieldSpec, Fields, Input, TaskForm};

const REMOVAL: [FieldSpec; 3] = [
    FieldSpec::count("quantity", "Quantity"),
    FieldSpec::record("location", "Location", Location::KIND).optional("Where they were."),
    FieldSpec::choice("reason", "Reason", &REMOVAL_REASONS),
];

const CREATE: TaskForm = TaskForm {
    fields: &[
        FieldSpec::line("name", "Name"),
        FieldSpec::line("sku", "SKU").hinting("Your own short code.").abreast(),
        FieldSpec::line("unit", "Unit").hinting("What you count it in: piece, bag, kg.").abreast(),
        FieldSpec::count("max_quantity", "Maximum quantity")
            .optional("The most the shelf holds. A check-in beyond it is refused."),
    ],
    lede: "Add an item to track.",
    prompt: "Enter a name, a SKU and a unit.",
    not_done: "Not created",
    icon: "created",
    openers: &[],
    is_severe: false,
};

const CHECK_IN: TaskForm = TaskForm {
    fields: &[
        FieldSpec::count("quantity", "Quantity"),
        FieldSpec::record("location", "Location", Location::KIND).optional("Where they are now."),
        FieldSpec::line("reference", "Reference").optional("Delivery note or order number."),
    ],
    lede: "Record goods that arrived.",
    prompt: "Enter how many arrived.",
    not_done: "Not checked in",
    icon: "checked-in",
    openers: &["task-check-in"],
    is_severe: false,
};

const REMOVE: TaskForm = TaskForm {
    fields: &REMOVAL,
    lede: "Record goods that left.",
    prompt: "Enter a quantity and a reason.",
    not_done: "Not removed",
    icon: "removed",
    openers: &["task-remove"],
    is_severe: false,
};

const WRITE_OFF_REMAINING: TaskForm = TaskForm {
    fields: &REMOVAL,
    lede: "Remove what is left, so that you can deactivate the item.",
    prompt: "Enter a quantity and a reason.",
    not_done: "Not written off",
    icon: "removed",
    openers: &["task-deactivate", "task-reactivate"],
    is_severe: false,
};

const TRANSFER: TaskForm = TaskForm {
    fields: &[
        FieldSpec::count("quantity", "Quantity"),
        FieldSpec::record("from", "From", Location::KIND).abreast(),
        FieldSpec::record("to", "To", Location::KIND).abreast(),
    ],
    lede: "Record goods that were moved from one location to another.",
    prompt: "Enter how many were moved, and from where to where.",
    not_done: "Not transferred",
    icon: "transferred",
    openers: &["task-transfer"],
    is_severe: false,
};

const ADJUST: TaskForm = TaskForm {
    fields: &[
        FieldSpec::count("counted", "Counted"),
        FieldSpec::record("location", "Location", Location::KIND).optional("Where you counted."),
        FieldSpec::line("reason", "Reason for the difference")
            .optional("Leave empty if the count agrees."),
    ],
    lede: "Record what you counted.",
    prompt: "Enter what you counted, and the reason for a difference.",
    not_done: "Not adjusted",
    icon: "adjusted",
    openers: &["task-adjust"],
    is_severe: false,
};

const RENAME: TaskForm = TaskForm {
    fields: &[FieldSpec::line("name", "New name")],
    lede: "Give the item another name.",
    prompt: "Enter the new name.",
    not_done: "Not renamed",
    icon: "renamed",
    openers: &["task-rename"],
    is_severe: false,
};

const CHANGE_MAXIMUM: TaskForm = TaskForm {
    fields: &[FieldSpec::count("max_quantity", "Maximum quantity")
        .optional("Leave empty for no maximum.")],
    lede: "Set how many the shelf holds.",
    prompt: "Enter the maximum.",
    not_done: "Not changed",
    icon: "maximum",
    openers: &["task-change-maximum"],
    is_severe: false,
};

const SET_REORDER_LEVEL: TaskForm = TaskForm {
    fields: &[FieldSpec::count("level", "Reorder level")],
    lede: "Set when to order more.",
    prompt: "Enter the reorder level.",
    not_done: "Not changed",
    icon: "reorder",
    openers: &["task-set-reorder-level"],
    is_severe: false,
};

const DEACTIVATE: TaskForm = TaskForm {
    fields: &[FieldSpec::line("reason", "Reason")],
    lede: "Stop using this item. Its history stays, and you can reactivate it.",
    prompt: "Enter the reason.",
    not_done: "Not deactivated",
    icon: "deactivated",
    openers: &["task-deactivate", "task-reactivate"],
    is_severe: true,
};

const REACTIVATE: TaskForm = TaskForm {
    fields: &[],
    lede: "Use this item again.",
    prompt: "",
    not_done: "Not reactivated",
    icon: "reactivated",
    openers: &["task-reactivate", "task-deactivate"],
    is_severe: false,
};

/// Returns the form of a task.
pub(super) const fn form(task: Task) -> &'static TaskForm {
    match task {
        Task::Create => &CREATE,
        Task::CheckIn => &CHECK_IN,
        Task::Remove => &REMOVE,
        Task::WriteOffRemaining => &WRITE_OFF_REMAINING,
        Task::Transfer => &TRANSFER,
        Task::Adjust => &ADJUST,
        Task::Rename => &RENAME,
        Task::ChangeMaximum => &CHANGE_MAXIMUM,
        Task::SetReorderLevel => &SET_REORDER_LEVEL,
        Task::Deactivate => &DEACTIVATE,
        Task::Reactivate => &REACTIVATE,
    }
}

/// Returns the input of a task's form that is just opened on an item.
pub(super) fn initial(item: &InventoryItem, task: Task) -> Fields {
    let mut fields = Fields::default();
    match task {
        Task::WriteOffRemaining => {
            let location = item.balances.first_location();
            fields.set("quantity", &item.balances.at(location).to_string());
            fields.set("location", &id(location));
        }
        Task::Transfer => fields.set("from", &id(item.balances.first_location())),
        Task::Rename => fields.set("name", &item.name),
        Task::ChangeMaximum => fields.set("max_quantity", &figure(item.max_quantity)),
        Task::SetReorderLevel => fields.set("level", &figure(item.reorder_level)),
        _ => {}
    }
    fields
}

fn id(location: Option<Uuid>) -> String {
    location.map_or_else(String::new, |location| location.to_string())
}

fn figure(value: Option<i64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Converts the input of a task's form to a command.
pub(super) fn parse(task: Task, form: &Input<'_>) -> Result<Command, FieldProblem> {
    Ok(match task {
        Task::Create => Command::CreateInventoryItem(CreateInventoryItem {
            name: form.line("name")?,
            sku: form.line("sku")?,
            unit: form.line("unit")?,
            max_quantity: form.optional_count("max_quantity")?,
        }),
        Task::CheckIn => Command::CheckInItems(CheckInItems {
            quantity: form.count("quantity")?,
            location: form.optional_id("location")?,
            reference: form.optional_line("reference"),
            unit_cost: None,
        }),
        Task::Remove | Task::WriteOffRemaining => Command::RemoveItems(RemoveItems {
            quantity: form.count("quantity")?,
            location: form.optional_id("location")?,
            reason: form.choice("reason")?,
        }),
        Task::Transfer => Command::TransferItems(TransferItems {
            quantity: form.count("quantity")?,
            from: form.optional_id("from")?,
            to: form.optional_id("to")?,
        }),
        Task::Adjust => Command::AdjustStock(AdjustStock {
            counted: form.count("counted")?,
            location: form.optional_id("location")?,
            reason: form.optional_line("reason").unwrap_or_default(),
        }),
        Task::Rename => {
            Command::RenameInventoryItem(RenameInventoryItem { name: form.line("name")? })
        }
        Task::ChangeMaximum => Command::ChangeMaxQuantity(ChangeMaxQuantity {
            max_quantity: form.optional_count("max_quantity")?,
        }),
        Task::SetReorderLevel => {
            Command::SetReorderLevel(SetReorderLevel { level: form.count("level")? })
        }
        Task::Deactivate => Command::DeactivateInventoryItem(DeactivateInventoryItem {
            reason: form.line("reason")?,
        }),
        Task::Reactivate => Command::ReactivateInventoryItem(ReactivateInventoryItem {}),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    fn parsed(task: Task, fields: &Fields) -> Result<Command, FieldProblem> {
        parse(task, &Input::new(form(task).fields, fields))
    }

    #[test]
    fn a_filled_form_parses_to_a_command() {
        let filled = fields(&[("quantity", " 1,200 "), ("reference", " PO 1182 ")]);
        let command =
            CheckInItems { quantity: 1_200, reference: Some("PO 1182".into()), ..<_>::default() };
        assert_eq!(parsed(Task::CheckIn, &filled), Ok(Command::CheckInItems(command)));
    }

    #[test]
    fn an_empty_optional_field_is_left_out() {
        let filled = fields(&[("quantity", "1"), ("reference", "  ")]);
        let command = CheckInItems { quantity: 1, ..<_>::default() };
        assert_eq!(parsed(Task::CheckIn, &filled), Ok(Command::CheckInItems(command)));
        assert_eq!(
            parsed(Task::ChangeMaximum, &Fields::default()),
            Ok(Command::ChangeMaxQuantity(ChangeMaxQuantity { max_quantity: None })),
        );
    }

    #[test]
    fn unreadable_input_names_its_field() {
        for text in ["1.5", "1,5", "1.000", "ten", "9223372036854775808", "-", "0x1"] {
            let problem = parsed(Task::Adjust, &fields(&[("counted", text), ("reason", "x")]));
            let problem = problem.err().map(|p| (p.field, p.missing));
            assert_eq!(problem, Some(("counted", false)), "{text}");
        }
    }

    #[test]
    fn missing_input_is_distinguished_from_wrong_input() {
        let missing = |task, pairs: &[(&str, &str)]| {
            parsed(task, &fields(pairs)).err().filter(|p| p.missing).map(|p| p.message)
        };
        let quantity = Some("Quantity must not be blank.".to_owned());
        assert_eq!(missing(Task::CheckIn, &[]), quantity);
        assert_eq!(
            missing(Task::Remove, &[("quantity", "1"), ("reason", "")]),
            Some("Reason must not be blank.".into())
        );
        assert_eq!(missing(Task::Remove, &[("quantity", "1"), ("reason", "theft")]), None);
    }
}
