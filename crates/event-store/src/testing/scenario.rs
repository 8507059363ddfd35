//! Given/when/then as types. A domain's test reads like its specification, and a test that forgets
//! its `then` does not compile without a warning.
//!
//! ```
//! # use event_store::{Aggregate, Context};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, Default, Serialize, Deserialize)]
//! # struct Door { open: bool }
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # #[serde(tag = "type", content = "data")]
//! # enum DoorCommand { Open {}, Close {} }
//! # use DoorCommand::{Close, Open};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # #[serde(tag = "type", content = "data")]
//! # enum DoorEvent { Opened {}, Closed {} }
//! # use DoorEvent::{Closed, Opened};
//! # #[derive(Clone, Debug, PartialEq, thiserror::Error)]
//! # #[error("it is open already")]
//! # struct OpenAlready;
//! # impl Aggregate for Door {
//! #     const KIND: &'static str = "door";
//! #     type Command = DoorCommand;
//! #     type Event = DoorEvent;
//! #     type Rejection = OpenAlready;
//! #     fn decide(
//! #         &self,
//! #         command: &DoorCommand,
//! #         _: &Context,
//! #     ) -> Result<Vec<DoorEvent>, OpenAlready> {
//! #         match command {
//! #             Open {} if self.open => Err(OpenAlready),
//! #             Open {} => Ok(vec![Opened {}]),
//! #             Close {} => Ok(vec![Closed {}]),
//! #         }
//! #     }
//! #     fn evolve(self, event: &DoorEvent) -> Self {
//! #         Self { open: matches!(event, Opened {}) }
//! #     }
//! # }
//! use event_store::testing::scenario::given;
//!
//! given::<Door>([])
//!     .when(Open {})
//!     .then([Opened {}])
//!     .when(Open {})
//!     .then_rejected_with(OpenAlready);
//!
//! given::<Door>([Opened {}, Closed {}]).when(Open {}).then_state(|door| assert!(door.open));
//! ```

use std::fmt::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Aggregate, Context, Timestamp, Upcaster, upcast};

/// The history before a command.
#[derive(Clone, Debug)]
pub struct Given<A: Aggregate> {
    history: Vec<A::Event>,
    state: A,
    /// The state of a store that keeps a snapshot of every version, and starts from it.
    from_snapshots: A,
    context: Context,
}

/// A command and the domain's decision.
#[derive(Clone, Debug)]
#[must_use = "a scenario without a `then` tests nothing"]
pub struct When<A: Aggregate> {
    given: Given<A>,
    command: A::Command,
    decided: Result<Vec<A::Event>, A::Rejection>,
}

/// Starts a scenario with these events as the whole history.
///
/// # Panics
/// If an event would not be read back as it was written, or if the state after it cannot be kept in
/// a snapshot. Each of these events counts as a change set of its own.
#[track_caller]
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let context = Context {
        command_id: Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0001),
        actor: "somebody".to_owned(),
        recorded_at: Timestamp::from_millis(0x019a_0000_0000),
        rules: A::RULES,
        correlation_id: Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0001),
        causation_id: None,
    };
    let (state, from_snapshots) = (A::default(), A::default());
    let nothing = Given { history: Vec::new(), state, from_snapshots, context };
    history.into_iter().fold(nothing, |given, event| given.followed_by([event]))
}

impl<A: Aggregate> Given<A> {
    /// Sets the context of `decide`, for a test that depends on an actor, a moment or older rules.
    #[must_use]
    pub fn in_context(self, context: Context) -> Self {
        Self { context, ..self }
    }

    /// Decides the command on the state that the history leads to.
    ///
    /// # Panics
    /// If the command would not be read back as it was written, or is decided differently on the
    /// state of a store that keeps a snapshot of every version.
    #[track_caller]
    pub fn when(self, command: impl Into<A::Command>) -> When<A> {
        let command = command.into();
        assert_is_read_back(&command, A::command_upcasters());
        let decided = self.state.decide(&command, &self.context);
        let from_snapshot = self.from_snapshots.decide(&command, &self.context);
        assert_same_decision::<A>(&command, &decided, &from_snapshot);
        When { given: self, command, decided }
    }

    #[track_caller]
    fn followed_by(mut self, events: impl IntoIterator<Item = A::Event>) -> Self {
        for event in events {
            assert_is_read_back(&event, A::event_upcasters());
            self.state = self.state.evolve(&event);
            self.from_snapshots = self.from_snapshots.evolve(&event);
            self.history.push(event);
        }
        self.from_snapshots = in_a_snapshot(&self.from_snapshots);
        self
    }
}

/// Fails for a value that cannot be recorded. A type that does not serialize as `{"type", "data"}`,
/// or leaves a field out, would pass every check in memory.
#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
fn assert_is_read_back<T>(value: &T, upcasters: &[Upcaster])
where
    T: fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    if let Err(error) = upcast::encode(value, upcasters) {
        panic!("{value:?} cannot be recorded as {{\"type\", \"data\"}}: {error}");
    }
}

/// Returns the state as it is read back from a snapshot.
#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
fn in_a_snapshot<A: Aggregate>(state: &A) -> A {
    match serde_json::to_value(state).and_then(serde_json::from_value) {
        Ok(state) => state,
        Err(error) => panic!("{state:?} cannot be kept in a snapshot: {error}"),
    }
}

/// Fails if a snapshot loses part of the state that `decide` needs, such as a field with
/// `#[serde(skip)]`.
#[track_caller]
fn assert_same_decision<A: Aggregate>(
    command: &A::Command,
    decided: &Result<Vec<A::Event>, A::Rejection>,
    from_snapshot: &Result<Vec<A::Event>, A::Rejection>,
) {
    let same = match (decided, from_snapshot) {
        (Ok(events), Ok(others)) => events == others,
        (Err(rejection), Err(other)) => rejection.to_string() == other.to_string(),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    assert!(
        same,
        "{command:?} is decided differently once the state comes from a snapshot, which loses part of it\n  \
         before   {decided:?}\n  after    {from_snapshot:?}"
    );
}

/// Each `then` panics unless its expectation holds, or if an event would not be read back as it was
/// written. It returns the resulting history, so that the scenario can continue.
impl<A: Aggregate> When<A> {
    /// Expects that the command is accepted and leads to exactly these events.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let expected: Vec<_> = expected.into_iter().collect();
        if self.decided.as_ref().ok() != Some(&expected) {
            self.fail(&Events(&expected));
        }
        self.given.followed_by(expected)
    }

    /// Expects that the command is accepted, and passes the state after it to `check`.
    #[track_caller]
    pub fn then_state(self, check: impl FnOnce(&A)) -> Given<A> {
        let Ok(events) = &self.decided else { self.fail(&"the command to be accepted") };
        let after = self.given.clone().followed_by(events.iter().cloned());
        check(&after.state);
        after
    }

    /// Expects that the command is rejected, and passes the rejection to `check`.
    #[track_caller]
    pub fn then_rejected(self, check: impl FnOnce(&A::Rejection)) -> Given<A> {
        let Err(rejection) = &self.decided else { self.fail(&"the command to be rejected") };
        check(rejection);
        self.given
    }

    /// Expects that the command is rejected for exactly this reason.
    #[track_caller]
    pub fn then_rejected_with(self, expected: impl Into<A::Rejection>) -> Given<A>
    where
        A::Rejection: PartialEq,
    {
        let expected = expected.into();
        if self.decided.as_ref().err() != Some(&expected) {
            self.fail(&format_args!("the rejection {expected:?}"));
        }
        self.given
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    fn fail(&self, expected: &dyn fmt::Display) -> ! {
        let Self { given, command, decided } = self;
        let given = Events(&given.history);
        match decided {
            Ok(events) => panic!(
                "\n  given    {given}\n  when     {command:?}\n  expected {expected}\n  but got  {}\n",
                Events(events)
            ),
            Err(rejection) => panic!(
                "\n  given    {given}\n  when     {command:?}\n  expected {expected}\n  \
                 but got  the rejection {rejection:?}: {rejection}\n"
            ),
        }
    }
}

struct Events<'a, E>(&'a [E]);

impl<E: fmt::Debug> fmt::Display for Events<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else {
            return f.write_str("nothing");
        };
        write!(f, "{first:?}")?;
        others.iter().try_for_each(|event| {
            f.write_char('\n')?;
            write!(f, "           {event:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Purse(i64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Command {
        Spend(i64),
        Note {
            #[serde(skip)]
            text: String,
        },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Event {
        Moved(i64),
    }

    use Command::Spend;
    use Event::Moved;

    #[derive(Clone, Debug, PartialEq, thiserror::Error)]
    #[error("{0} short")]
    struct Short(i64);

    impl Aggregate for Purse {
        const KIND: &'static str = "purse";
        const RULES: u32 = 2;
        type Command = Command;
        type Event = Event;
        type Rejection = Short;

        fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Short> {
            let Spend(amount) = *command else { return Ok(Vec::new()) };
            match amount - self.0 {
                missing if missing > 0 && context.rules > 1 => Err(Short(missing)),
                _ => Ok(vec![Moved(-amount)]),
            }
        }

        fn evolve(self, &Moved(amount): &Event) -> Self {
            Self(self.0 + amount)
        }
    }

    #[test]
    fn a_scenario_continues_from_its_outcome() {
        given::<Purse>([Moved(10)])
            .when(Spend(4))
            .then([Moved(-4)])
            .when(Spend(7))
            .then_rejected(|short| assert_eq!(*short, Short(1)))
            .when(Spend(6))
            .then_state(|purse| assert_eq!(*purse, Purse(0)))
            .when(Spend(1))
            .then_rejected_with(Short(1));
    }

    #[test]
    fn a_command_may_change_nothing() {
        given::<Purse>([]).when(Command::Note { text: String::new() }).then([]);
    }

    #[test]
    #[should_panic(expected = "Note { text: \"x\" } cannot be recorded")]
    fn fails_on_a_command_that_cannot_be_recorded() {
        let _ = given::<Purse>([]).when(Command::Note { text: "x".to_owned() });
    }

    /// A state whose snapshot loses `closed` and `passed`. Once named, it cannot be kept in a
    /// snapshot at all.
    #[derive(Clone, Debug, Default, Serialize, Deserialize)]
    struct Gate {
        #[serde(skip)]
        closed: bool,
        #[serde(skip)]
        passed: u32,
        full: bool,
        names: std::collections::BTreeMap<Option<u8>, u8>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum GateCommand {
        Pass {},
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum GateEvent {
        Closed {},
        Named {},
        Passed {},
    }

    impl Aggregate for Gate {
        const KIND: &'static str = "gate";
        type Command = GateCommand;
        type Event = GateEvent;
        type Rejection = Short;

        fn decide(&self, _: &GateCommand, _: &Context) -> Result<Vec<GateEvent>, Short> {
            if self.closed || self.full { Err(Short(1)) } else { Ok(vec![GateEvent::Passed {}]) }
        }

        fn evolve(mut self, event: &GateEvent) -> Self {
            match event {
                GateEvent::Closed {} => self.closed = true,
                GateEvent::Named {} => drop(self.names.insert(None, 1)),
                GateEvent::Passed {} => {
                    self.passed += 1;
                    self.full = self.passed == 2;
                }
            }
            self
        }
    }

    #[test]
    #[should_panic(expected = "Pass is decided differently once the state comes from a snapshot")]
    fn fails_on_a_state_that_a_snapshot_does_not_preserve() {
        let _ = given::<Gate>([GateEvent::Closed {}]).when(GateCommand::Pass {});
    }

    /// Only `evolve` needs the lost field: from each snapshot it counts anew.
    #[test]
    #[should_panic(expected = "Pass is decided differently once the state comes from a snapshot")]
    fn fails_on_a_state_that_evolves_differently_from_a_snapshot() {
        let passed = [GateEvent::Passed {}, GateEvent::Passed {}];
        let _ = given::<Gate>(passed).when(GateCommand::Pass {});
    }

    #[test]
    #[should_panic(expected = "cannot be kept in a snapshot")]
    fn fails_on_a_state_that_cannot_be_kept_in_a_snapshot() {
        let _ = given::<Gate>([GateEvent::Named {}]).when(GateCommand::Pass {});
    }

    #[test]
    fn decides_by_the_rules_of_the_given_context() {
        let now = given::<Purse>([]);
        let then = Context { rules: 1, ..now.context.clone() };
        now.in_context(then).when(Spend(1)).then([Moved(-1)]);
    }

    #[test]
    #[should_panic(expected = "given    Moved(1)\n           Moved(2)\n  when     Spend(3)\n  \
                    expected Moved(-2)\n  but got  Moved(-3)")]
    fn fails_on_unexpected_events() {
        given::<Purse>([Moved(1), Moved(2)]).when(Spend(3)).then([Moved(-2)]);
    }

    #[test]
    #[should_panic(expected = "given    nothing\n  when     Spend(3)\n  expected Moved(-3)\n  \
                               but got  the rejection Short(3): 3 short")]
    fn fails_on_a_rejection_where_events_were_expected() {
        given::<Purse>([]).when(Spend(3)).then([Moved(-3)]);
    }

    #[test]
    #[should_panic(expected = "expected the command to be accepted")]
    fn fails_on_a_rejection_where_a_state_was_expected() {
        given::<Purse>([]).when(Spend(3)).then_state(|_| ());
    }

    #[test]
    #[should_panic(expected = "expected the command to be rejected\n  but got  Moved(-3)")]
    fn fails_on_events_where_a_rejection_was_expected() {
        given::<Purse>([Moved(3)]).when(Spend(3)).then_rejected(|_| ());
    }

    #[test]
    #[should_panic(expected = "expected the rejection Short(2)\n  but got  the rejection Short(3)")]
    fn fails_on_a_different_rejection() {
        given::<Purse>([]).when(Spend(3)).then_rejected_with(Short(2));
    }
}
