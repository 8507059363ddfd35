use domain::inventory_item::Task;

/// One field of a task's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Its name in the form and in the command.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What to enter, when the label does not say it all.
    pub hint: &'static str,
    /// How it is entered.
    pub kind: FieldKind,
    /// Whether it may stay empty.
    pub optional: bool,
}

/// How a field is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number of the item's units.
    Count,
    /// A line of text.
    Line,
    /// One of the reasons for a removal.
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

/// The fields of a task's form, in order.
pub const fn spec(task: Task) -> &'static [FieldSpec] {
    match task {
        Task::Create => {
            const {
                &[
                    line("name", "Name", ""),
                    line("sku", "SKU", "Your own short code."),
                    line("unit", "Unit", "What one of it is called: piece, bag, kg."),
                    optional(
                        count("max_quantity", "Maximum quantity"),
                        "What the shelf holds. A check-in that would exceed it is refused.",
                    ),
                ]
            }
        }
        Task::CheckIn => {
            const {
                &[
                    count("quantity", "Quantity"),
                    optional(
                        line("reference", "Reference", ""),
                        "A delivery note or order number.",
                    ),
                ]
            }
        }
        Task::Remove | Task::WriteOffRemaining => &REMOVAL,
        Task::Adjust => {
            const {
                &[
                    count("counted", "Counted"),
                    line("reason", "Reason", "Why the books were wrong."),
                ]
            }
        }
        Task::Rename => const { &[line("name", "New name", "")] },
        Task::ChangeMaximum => {
            const { &[optional(count("max_quantity", "Maximum quantity"), "Leave empty for no limit.")] }
        }
        Task::SetReorderLevel => const { &[count("level", "Reorder level")] },
        Task::Deactivate => const { &[line("reason", "Reason", "")] },
        Task::Reactivate => &[],
    }
}

/// What a task is for, completing "This is where you …".
pub const fn lede(task: Task) -> &'static str {
    match task {
        Task::Create => "This is where you begin to keep count of something.",
        Task::CheckIn => "This is where you record goods that have arrived.",
        Task::Remove => "This is where you record goods that have left.",
        Task::Adjust => "This is where you bring the books in line with a count.",
        Task::Rename => "This is where you give it another name.",
        Task::ChangeMaximum => "This is where you say how many the shelf holds.",
        Task::SetReorderLevel => "This is where you say when it is time to order more.",
        Task::Deactivate => {
            "This is where you stop keeping count of it. Its history stays, and it can be \
             reactivated."
        }
        Task::Reactivate => "This is where you take it back into use.",
        Task::WriteOffRemaining => {
            "This is where you write off what is left, so that it can be deactivated."
        }
    }
}

/// What to do first, while the form is still incomplete.
pub const fn prompt(task: Task) -> &'static str {
    match task {
        Task::Create => "Name, SKU and unit are needed.",
        Task::CheckIn => "Say how many have arrived.",
        Task::Remove | Task::WriteOffRemaining => "Say how many have left, and why.",
        Task::Adjust => "Say how many you counted, and why the books were wrong.",
        Task::Rename => "Say what it is called from now on.",
        Task::ChangeMaximum => "Say how many there may be at most.",
        Task::SetReorderLevel => "Say below how many it is time to order.",
        Task::Deactivate => "Say why, for whoever looks later.",
        Task::Reactivate => "",
    }
}
