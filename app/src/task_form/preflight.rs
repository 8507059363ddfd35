use api::wire::Command;
use event_store::{Aggregate, Context, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::{FieldProblem, Fields, Input};
use crate::kind::{Presentation, RecordState, RecordTask, Refusal, refusal, state};

/// The verdict on a form if it were sent now.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// A field is not filled in yet. The text says what to do first.
    Incomplete(FieldProblem, &'static str),
    /// A field holds a value that no state would accept.
    Invalid(FieldProblem),
    /// The domain refuses the command.
    Refused(Refusal),
    /// The domain accepts the command.
    Allowed {
        /// The command to send.
        command: Command,
        /// The sentence in the timeline.
        sentence: String,
        /// The resulting state.
        after: RecordState,
        /// The result in words.
        effect: String,
    },
}

impl Verdict {
    /// Returns the problem of the field to mark, if a field is at fault.
    pub fn field_problem(&self) -> Option<&FieldProblem> {
        match self {
            Self::Incomplete(problem, _) | Self::Invalid(problem) => Some(problem),
            Self::Refused(_) | Self::Allowed { .. } => None,
        }
    }
}

/// Decides the form's command on the given state, with the server's own `decide`.
pub(crate) fn preflight<K: Presentation>(
    record: &K,
    typed: K::Task,
    task: RecordTask,
    fields: &Fields,
) -> Verdict {
    let form = task.form;
    let at_fault = |problem: FieldProblem| match problem.missing {
        true => Verdict::Incomplete(problem, form.prompt),
        false => Verdict::Invalid(problem),
    };
    let command = match K::parse(typed, &Input::new(form.fields, fields)) {
        Ok(command) => command,
        Err(problem) => return at_fault(problem),
    };
    match record.decide(&command, &nowhere::<K>()) {
        Ok(events) => {
            let Some(wire) = wire_command(&command) else {
                return Verdict::Invalid(FieldProblem::of_form("This form cannot be sent."));
            };
            let after = events.iter().fold(record.clone(), K::evolve);
            let last = events.last();
            let effect = last.map_or_else(String::new, |event| K::effect(event, &after));
            let sentence = last.map(K::sentence).unwrap_or_default();
            Verdict::Allowed { command: wire, sentence, after: state(after), effect }
        }
        Err(rejection) => {
            let of_field = K::limit(&rejection)
                .and_then(|limits| FieldProblem::of_limits(form.fields, limits));
            let refusal = refusal::<K>(&rejection);
            match of_field.or_else(|| untouched(record, typed, task, fields, &refusal)) {
                Some(problem) => at_fault(problem),
                None => Verdict::Refused(refusal),
            }
        }
    }
}

/// Converts a refusal to a missing input, if the form is untouched and other input would be
/// accepted.
///
/// In that case nobody has typed anything wrong yet.
fn untouched<K: Presentation>(
    record: &K,
    typed: K::Task,
    task: RecordTask,
    fields: &Fields,
    refusal: &Refusal,
) -> Option<FieldProblem> {
    let initial = record.initial(typed);
    let untouched = fields.equal(&initial, task.form.fields) && record.allows(typed).is_ok();
    let first = task.form.fields.first().filter(|_| untouched)?;
    Some(FieldProblem { field: first.name, message: refusal.sentence.clone(), missing: true })
}

/// Returns a context without content: the rules depend on neither the actor nor the time.
fn nowhere<A: Aggregate>() -> Context {
    Context {
        command_id: Uuid::nil(),
        actor: String::new(),
        recorded_at: Timestamp::default(),
        rules: A::RULES,
        correlation_id: Uuid::nil(),
        causation_id: None,
    }
}

/// Converts a command to its wire format.
pub(crate) fn wire_command(command: &impl Serialize) -> Option<Command> {
    let mut told = serde_json::to_value(command).ok()?;
    let data = told.get_mut("data")?.take();
    Some(Command { name: told.get("type")?.as_str()?.to_owned(), data })
}
