/// The form of a task.
#[derive(Debug, PartialEq, Eq)]
pub struct TaskForm {
    /// The fields, in order.
    pub fields: &'static [FieldSpec],
    /// The purpose of the task, in one short sentence.
    pub lede: &'static str,
    /// The first instruction while the form is incomplete.
    pub prompt: &'static str,
    /// The heading of a refusal: `Not checked in`.
    pub not_done: &'static str,
    /// The symbol of the task.
    pub icon: &'static str,
    /// The ids of the elements to give the focus back to after the task, in order of preference.
    pub openers: &'static [&'static str],
    /// `true` if the task should not be performed in passing.
    pub is_severe: bool,
}

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
    pub is_optional: bool,
    /// `true` if the field stands beside its neighbour with the same mark.
    pub is_abreast: bool,
}

/// The kind of input of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number in the record's unit.
    Count,
    /// A line of text.
    Line,
    /// One of several options, each with its name on the wire and its label.
    Choice(&'static [(&'static str, &'static str)]),
    /// The id of a record of this kind; empty for none.
    Record(&'static str),
}

impl FieldSpec {
    /// Describes a whole number.
    pub const fn count(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldKind::Count)
    }

    /// Describes a line of text.
    pub const fn line(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, FieldKind::Line)
    }

    /// Describes a choice of options.
    pub const fn choice(
        name: &'static str,
        label: &'static str,
        options: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self::new(name, label, FieldKind::Choice(options))
    }

    /// Describes a choice among the records of a kind, or of none of them.
    pub const fn record(name: &'static str, label: &'static str, kind: &'static str) -> Self {
        Self::new(name, label, FieldKind::Record(kind))
    }

    /// Adds guidance.
    #[must_use]
    pub const fn hinting(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// Lets the field stay empty. The hint says what that means.
    #[must_use]
    pub const fn optional(self, hint: &'static str) -> Self {
        Self { hint, is_optional: true, ..self }
    }

    /// Places the field beside its neighbour with the same mark.
    #[must_use]
    pub const fn abreast(self) -> Self {
        Self { is_abreast: true, ..self }
    }

    const fn new(name: &'static str, label: &'static str, kind: FieldKind) -> Self {
        Self { name, label, hint: "", kind, is_optional: false, is_abreast: false }
    }
}
