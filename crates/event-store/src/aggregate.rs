use std::error::Error;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Timestamp, Upcaster};

/// One consistency boundary: what it knows, what it allows, and how events change it.
///
/// `decide` and `evolve` are pure and total: the same state, command and context give the same
/// events on any machine, in any year. Replay, preflight and verification therefore run the same
/// code. Commands and events serialize as `{"type": …, "data": …}` (serde's adjacent tagging).
/// Write a variant without fields as `Open {}`, which can get fields later. The state must survive
/// a round trip through JSON, because snapshots hold it: a skipped field would make a command
/// decide differently after a restart.
pub trait Aggregate:
    Default + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The kind's name in keys and URLs, such as `inventory-item`. It is not empty, contains no `#`
    /// and never changes, and no other type has it. An invalid name does not compile where the kind
    /// is used (`cargo build`; `cargo check` does not evaluate it).
    const KIND: &'static str;
    /// The version of the rules that `decide` applies to new commands. Each change set keeps the
    /// version it was decided by, and `decide` gets that version back in [`Context::rules`]. A
    /// program with older rules keeps deciding by them: where that matters, replace it first.
    const RULES: u32 = 1;
    /// The version of the state's shape and of `evolve`. Snapshots of any other version are
    /// ignored. Raise it with every change to the state's fields or to `evolve`, and whenever a
    /// type of event or a schema is added: otherwise an older program that starts from a newer
    /// snapshot would miss an event that it cannot read.
    const STATE_SCHEMA: u32 = 1;

    /// A request to perform one task.
    type Command: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// A fact, named in the past tense.
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// The typed "no, because …".
    type Rejection: Clone + Debug + Error + Send + Sync + 'static;

    /// Decides what the command does to this state, or why it is rejected. An empty list means that
    /// the command is allowed and changes nothing; nothing is recorded then.
    ///
    /// # Errors
    /// The rejection.
    fn decide(
        &self,
        command: &Self::Command,
        context: &Context,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Returns the state after one event. Infallible: the event has already happened.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;

    /// Returns whether `command` conflicts with an `event` that its author had not seen. A
    /// conflicting command is not decided on the newer state. Two check-ins commute; two renames do
    /// not. By default, every event conflicts.
    fn conflicts_with(command: &Self::Command, event: &Self::Event) -> bool {
        let _ = (command, event);
        true
    }

    /// Returns whether an aggregate usually begins with this command. If the aggregate is not in
    /// memory, such a command is first tried on the empty state, without a read; the put's
    /// condition detects an existing history. This affects costs, never the decision.
    fn begins(command: &Self::Command) -> bool {
        let _ = command;
        false
    }

    /// Returns the reason a person gave with the command, kept in the change set beside the actor.
    fn reason(command: &Self::Command) -> Option<String> {
        let _ = command;
        None
    }

    /// Returns the upcasters that bring events of older schemas to the current one.
    fn event_upcasters() -> &'static [Upcaster] {
        &[]
    }

    /// Returns the upcasters that bring commands of older schemas to the current one.
    /// [`crate::verify`] decides old commands again, and a repeated command is compared with the
    /// recorded one.
    fn command_upcasters() -> &'static [Upcaster] {
        &[]
    }
}

/// The input of `decide` besides state and command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The id of the command, made by its client.
    pub command_id: Uuid,
    /// The caller who sent the command.
    pub actor: String,
    /// The time of the decision, which becomes the change set's `recorded_at`.
    pub recorded_at: Timestamp,
    /// The rules to decide by: [`Aggregate::RULES`] for a new command, the recorded ones for an old
    /// one.
    pub rules: u32,
    /// The larger piece of work that the command belongs to; its own id when it stands alone.
    pub correlation_id: Uuid,
    /// The command or event that led to it; `None` if a person sent it.
    pub causation_id: Option<Uuid>,
}
