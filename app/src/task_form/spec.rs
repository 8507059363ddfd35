use domain::inventory_item::Task;

/// One field of a task's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// The name in the form and in the command.
    pub name: &'static str,
    /// The label.
    pub label: &'static str,
    /// Guidance on the input, if the label does not suffice.
    pub hint: &'static str,
    /// The kind of input.
    pub kind: FieldKind,
    /// `true` if the field may stay empty.
    pub optional: bool,
}

/// The kind of input of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number of the item's units.
    Count,
    /// A line of text.
    Line,
    /// One of the removal reasons.
    RemovalReason,
}

const fn count(name: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec { name, label, hint: "", kind: FieldKind::Count, optional: false }
}

const fn line(name: &'static str, label: &'static str, hint: &'static str) -> FieldSpec {
    FieldSpec { name, label, hint, kind: FieldKind::Line, optional: false }
}

const fn optional(field: FieldSpec, hint: &'static str) -> FieldSpec {
    FieldSpec { hint, optional: true, ..field }
}

const REMOVAL: [FieldSpec; 2] = [
    count("quantity", "Quantity"),
    FieldSpec { kind: FieldKind::RemovalReason, ..line("reason", "Reason", "") },
];

/// Returns the fields of a task's form, in order.
pub const fn spec(task: Task) -> &'static [FieldSpec] {
    match task {
        Task::Create => {
            const {
                &[
                    line("name", "Name", ""),
                    line("sku", "SKU", "Your own short code."),
                    line("unit", "Unit", "What you count it in: piece, bag, kg."),
                    optional(
                        count("max_quantity", "Maximum quantity"),
                        "The most the shelf holds. A check-in beyond it is refused.",
                    ),
                ]
            }
        }
        Task::CheckIn => {
            const {
                &[
                    count("quantity", "Quantity"),
                    optional(line("reference", "Reference", ""), "Delivery note or order number."),
                ]
            }
        }
        Task::Remove | Task::WriteOffRemaining => &REMOVAL,
        Task::Adjust => {
            const {
                &[
                    count("counted", "Counted"),
                    optional(
                        line("reason", "Reason for the difference", ""),
                        "Leave empty if the count agrees.",
                    ),
                ]
            }
        }
        Task::Rename => const { &[line("name", "New name", "")] },
        Task::ChangeMaximum => {
            const {
                &[optional(
                    count("max_quantity", "Maximum quantity"),
                    "Leave empty for no maximum.",
                )]
            }
        }
        Task::SetReorderLevel => const { &[count("level", "Reorder level")] },
        Task::Deactivate => const { &[line("reason", "Reason", "")] },
        Task::Reactivate => &[],
    }
}

/// Returns the purpose of a task, in one short sentence.
pub const fn lede(task: Task) -> &'static str {
    match task {
        Task::Create => "Add an item to track.",
        Task::CheckIn => "Record goods that arrived.",
        Task::Remove => "Record goods that left.",
        Task::Adjust => "Record what you counted.",
        Task::Rename => "Give the item another name.",
        Task::ChangeMaximum => "Set how many the shelf holds.",
        Task::SetReorderLevel => "Set when to order more.",
        Task::Deactivate => "Stop using this item. Its history stays, and you can reactivate it.",
        Task::Reactivate => "Use this item again.",
        Task::WriteOffRemaining => "Remove what is left, so that you can deactivate the item.",
    }
}

/// Returns the first instruction while the form is incomplete.
pub const fn prompt(task: Task) -> &'static str {
    match task {
        Task::Create => "Enter a name, a SKU and a unit.",
        Task::CheckIn => "Enter how many arrived.",
        Task::Remove | Task::WriteOffRemaining => "Enter a quantity and a reason.",
        Task::Adjust => "Enter what you counted, and the reason for a difference.",
        Task::Rename => "Enter the new name.",
        Task::ChangeMaximum => "Enter the maximum.",
        Task::SetReorderLevel => "Enter the reorder level.",
        Task::Deactivate => "Enter the reason.",
        Task::Reactivate => "",
    }
}
