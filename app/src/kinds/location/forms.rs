use domain::Location;
use domain::location::{
    CloseLocation, LocationCommand as Command, RegisterLocation, RenameLocation, ReopenLocation,
    Task,
};

use crate::task_form::{FieldProblem, FieldSpec, Fields, Input, TaskForm};

const REGISTER: TaskForm = TaskForm {
    fields: &[
        FieldSpec::line("name", "Name").hinting("Where it is: Shop, Back room, Van."),
        FieldSpec::line("code", "Code").hinting("Your own short code, for labels and lists."),
    ],
    lede: "Add a place where you keep goods.",
    prompt: "Enter a name and a code.",
    not_done: "Not registered",
    icon: "created",
    openers: &[],
    is_severe: false,
};

const RENAME: TaskForm = TaskForm {
    fields: &[FieldSpec::line("name", "New name")],
    lede: "Give the location another name.",
    prompt: "Enter the new name.",
    not_done: "Not renamed",
    icon: "renamed",
    openers: &["task-rename"],
    is_severe: false,
};

const CLOSE: TaskForm = TaskForm {
    fields: &[FieldSpec::line("reason", "Reason")],
    lede: "Stop using this location. Its history stays, and you can reopen it.",
    prompt: "Enter the reason.",
    not_done: "Not closed",
    icon: "deactivated",
    openers: &["task-close", "task-reopen"],
    is_severe: true,
};

const REOPEN: TaskForm = TaskForm {
    fields: &[],
    lede: "Use this location again.",
    prompt: "",
    not_done: "Not reopened",
    icon: "reactivated",
    openers: &["task-reopen", "task-close"],
    is_severe: false,
};

/// Returns the form of a task.
pub(super) const fn form(task: Task) -> &'static TaskForm {
    match task {
        Task::Register => &REGISTER,
        Task::Rename => &RENAME,
        Task::Close => &CLOSE,
        Task::Reopen => &REOPEN,
    }
}

/// Returns the input of a task's form that is just opened on a location.
pub(super) fn initial(location: &Location, task: Task) -> Fields {
    let mut fields = Fields::default();
    if task == Task::Rename {
        fields.set("name", &location.name);
    }
    fields
}

/// Converts the input of a task's form to a command.
pub(super) fn parse(task: Task, form: &Input<'_>) -> Result<Command, FieldProblem> {
    Ok(match task {
        Task::Register => Command::RegisterLocation(RegisterLocation {
            name: form.line("name")?,
            code: form.line("code")?,
        }),
        Task::Rename => Command::RenameLocation(RenameLocation { name: form.line("name")? }),
        Task::Close => Command::CloseLocation(CloseLocation { reason: form.line("reason")? }),
        Task::Reopen => Command::ReopenLocation(ReopenLocation {}),
    })
}
