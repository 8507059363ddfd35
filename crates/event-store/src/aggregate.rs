use std::error::Error;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Timestamp, Upcaster};

/// One consistency boundary: what it knows, what it allows, and how events change it.
///
/// Both functions are pure and total: the same state, command and context give the same events on
/// any machine, in any year, which is what makes replay, preflight and verification the same code.
/// Commands and events serialize as `{"type": …, "data": …}` (serde's adjacent tagging). The state must come back from
/// JSON as it was: snapshots hold it, so a field that is skipped would decide differently after a restart.
pub trait Aggregate:
    Default + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The kind's name in keys and URLs, such as `inventory-item`: not empty, and without a `#`.
    /// Never changes. An invalid name does not compile where the kind is used (`cargo build`; `cargo check` does not
    /// evaluate it).
    const KIND: &'static str;
    /// The version of the rules that `decide` applies to new commands. Each change set keeps the one
    /// it was decided by, and `decide` gets it back in [`Context::rules`].
    const RULES: u32 = 1;
    /// The version of the shape of `Self` and of what `evolve` makes of events: snapshots of any other are passed over.
    /// Raise it with every change to the state's fields or to `evolve`, and whenever a type of event or a schema is
    /// added: an older program that starts from a newer snapshot does not see the event that it cannot read.
    const STATE_SCHEMA: u32 = 1;

    /// A request to perform one task.
    type Command: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// A fact, past tense.
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// The typed "no, because …".
    type Rejection: Clone + Debug + Error + Send + Sync + 'static;

    /// Decides what the command does to this state, or why it is rejected. No events mean that the command is allowed and
    /// changes nothing; nothing is recorded then.
    ///
    /// # Errors
    /// The rejection.
    fn decide(
        &self,
        command: &Self::Command,
        context: &Context,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The state after one event. Never refuses: what happened, happened.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;

    /// Whether a command whose author had not seen `event` must not be decided on the newer state.
    /// Two check-ins commute; two renames do not. Unless told otherwise, everything conflicts.
    fn conflicts_with(command: &Self::Command, event: &Self::Event) -> bool {
        let _ = (command, event);
        true
    }

    /// Whether an aggregate usually begins with this command. It is then tried on an aggregate that is not in
    /// memory as if there were nothing yet, without a read; when there is, that is found by the put's
    /// condition. So this is about costs, and never about what is decided.
    fn begins(command: &Self::Command) -> bool {
        let _ = command;
        false
    }

    /// The reason a person gave with the command, kept in the change set beside the actor.
    fn reason(command: &Self::Command) -> Option<String> {
        let _ = command;
        None
    }

    /// Bring events that were written in older schemas to today's.
    fn event_upcasters() -> &'static [Upcaster] {
        &[]
    }

    /// Bring commands that were written in older schemas to today's. [`crate::verify`] decides them again, and a
    /// repeated command is compared with the one that was recorded.
    fn command_upcasters() -> &'static [Upcaster] {
        &[]
    }
}

/// What `decide` may know besides state and command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The id of the command, made by its client.
    pub command_id: Uuid,
    /// Who asks.
    pub actor: String,
    /// When the server took the command up; the change set's `recorded_at`.
    pub recorded_at: Timestamp,
    /// The rules to decide by: [`Aggregate::RULES`] for a new command, those of its time for an old one.
    pub rules: u32,
    /// What larger piece of work the command belongs to; its own id when it stands alone.
    pub correlation_id: Uuid,
    /// The command or event that led to it, if it was not a person.
    pub causation_id: Option<Uuid>,
}
