use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use api::wire::Command;
use api::{Problem, StateJson};
use domain::kind::Task as _;
use event_store::{
    AggregateId, ChangeSet, DecodeError, Replay, ReplayError, Verification, Version, verify,
};
use leptos::prelude::AnyView;
use uuid::Uuid;

use super::{
    ErasedState, Figure, Header, Presentation, RecordKind, RecordReplay, RecordState, RecordTask,
    Refusal, Screen, Share, Told,
};
use crate::chart::Level;
use crate::task_form::{FieldProblem, Fields, Input, Verdict, preflight, wire_command};

/// The kind of the records whose state is a `K`. All that is compiled once per kind is in this
/// module and in the kind's own.
pub struct Of<K>(PhantomData<fn() -> K>);

impl<K> Of<K> {
    /// Returns the kind.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K> Default for Of<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Presentation> fmt::Debug for Of<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::KIND)
    }
}

impl<K: Presentation> RecordKind for Of<K> {
    fn name(&self) -> &'static str {
        K::KIND
    }

    fn screen(&self) -> &'static Screen {
        const { &K::SCREEN }
    }

    fn tasks(&self) -> Vec<RecordTask> {
        K::Task::ALL.iter().map(|task| erased::<K>(*task)).collect()
    }

    fn aggregate(&self, id: Uuid) -> AggregateId {
        AggregateId::of::<K>(id)
    }

    fn nothing(&self) -> RecordState {
        state(K::default())
    }

    fn decode(&self, json: &StateJson) -> Result<RecordState, serde_json::Error> {
        json.decode::<K>().map(state)
    }

    fn replay(&self, whole: &[ChangeSet]) -> Result<Box<dyn RecordReplay>, ReplayError> {
        Ok(Box::new(Replay::<K>::new(whole)?))
    }

    fn tell(&self, change_set: &ChangeSet) -> Result<Told, DecodeError> {
        let events = change_set.events::<K>()?;
        let sentences: Vec<_> = events.iter().map(K::sentence).collect();
        let stories: Vec<_> = events.iter().map(K::story).collect();
        let last = events.last();
        Ok(Told {
            sentence: (!sentences.is_empty()).then(|| sentences.join(", ")),
            story: stories.join(" and "),
            mentions: events.iter().flat_map(K::mentions).collect(),
            icon: last.map_or("warning", K::icon),
            delta: delta::<K>(&events),
            is_movement: last.and_then(K::movement).is_some(),
            says_reason: last.is_some_and(K::says_reason),
        })
    }

    fn verify(&self, id: Uuid, whole: &[ChangeSet]) -> Verification {
        verify::<K>(&AggregateId::of::<K>(id), whole)
    }

    fn command(&self, task: RecordTask, fields: &Fields) -> Result<Command, FieldProblem> {
        let command = K::parse(typed::<K>(task)?, &Input::new(task.form.fields, fields))?;
        wire_command(&command).ok_or_else(|| FieldProblem::of_form("This form cannot be sent."))
    }

    fn explain(&self, problem: &Problem) -> Option<AnyView> {
        K::explain(problem)
    }

    fn objection(&self, problem: &Problem, fields: &Fields) -> Option<FieldProblem> {
        K::objection(problem, fields)
    }
}

impl<K: Presentation> ErasedState for K {
    fn name(&self) -> String {
        self.display_name().to_owned()
    }

    fn header(&self) -> Header {
        Presentation::header(self)
    }

    fn figures(&self) -> Vec<Figure> {
        Presentation::figures(self)
    }

    fn level(&self) -> Option<Level> {
        Presentation::level(self)
    }

    fn shares(&self) -> Vec<Share> {
        Presentation::shares(self)
    }

    fn unit(&self) -> String {
        Presentation::unit(self).to_owned()
    }

    fn lead(&self) -> Option<RecordTask> {
        Presentation::lead(self).map(erased::<K>)
    }

    fn standstill(&self) -> Option<&'static str> {
        Presentation::standstill(self)
    }

    fn offers(&self, task: RecordTask) -> bool {
        typed::<K>(task).is_ok_and(|task| Presentation::offers(self, task))
    }

    fn allows(&self, task: RecordTask) -> Result<(), Refusal> {
        match typed::<K>(task) {
            Ok(task) => domain::Kind::allows(self, task).map_err(|no| refusal::<K>(&no)),
            Err(FieldProblem { message, .. }) => {
                Err(Refusal { detail: message.clone(), sentence: message, unblocked_by: None })
            }
        }
    }

    fn initial(&self, task: RecordTask) -> Fields {
        typed::<K>(task)
            .map_or_else(|_| Fields::default(), |task| Presentation::initial(self, task))
    }

    fn preflight(&self, task: RecordTask, fields: &Fields) -> Verdict {
        match typed::<K>(task) {
            Ok(typed) => preflight(self, typed, task, fields),
            Err(problem) => Verdict::Invalid(problem),
        }
    }

    fn after(&self, change_set: &ChangeSet) -> Result<RecordState, DecodeError> {
        let events = change_set.events::<K>()?;
        Ok(state(events.iter().fold(self.clone(), K::evolve)))
    }

    fn announce(&self, change_set: &ChangeSet) -> Option<String> {
        let events = change_set.events::<K>().ok()?;
        events.last().map(|event| K::announcement(event, self))
    }

    fn is_same(&self, other: &dyn ErasedState) -> bool {
        other.as_any().downcast_ref::<K>().is_some_and(|other| self == other)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<K: Presentation> RecordReplay for Replay<K> {
    fn at(&self, version: Version) -> RecordState {
        state(Self::at(self, version))
    }

    fn levels(&self) -> Vec<Level> {
        let mut after = K::default();
        let mut levels = Vec::new();
        for version in 1..=self.version() {
            after = self.events(version).iter().fold(after, K::evolve);
            levels.extend(Presentation::level(&after).map(|level| Level { version, ..level }));
        }
        levels
    }

    fn push(&mut self, change_set: &ChangeSet) -> Result<(), DecodeError> {
        Self::push(self, change_set).map_err(|ReplayError { source, .. }| source)
    }
}

/// Erases the type of a state.
pub(crate) fn state<K: Presentation>(state: K) -> RecordState {
    RecordState(Arc::new(state))
}

/// Erases the type of a task.
pub(crate) fn erased<K: Presentation>(task: K::Task) -> RecordTask {
    let (slug, title, place) = (task.slug(), task.title(), task.place());
    RecordTask { slug, title, place, form: K::form(task) }
}

/// Erases the type of a rejection.
pub(crate) fn refusal<K: Presentation>(rejection: &K::Rejection) -> Refusal {
    Refusal {
        detail: rejection.to_string(),
        sentence: K::refusal(rejection),
        unblocked_by: K::unblocked_by(rejection).map(erased::<K>),
    }
}

fn delta<K: Presentation>(events: &[K::Event]) -> i64 {
    events.iter().filter_map(K::movement).sum()
}

fn typed<K: Presentation>(task: RecordTask) -> Result<K::Task, FieldProblem> {
    let known = K::Task::from_slug(task.slug);
    known.ok_or_else(|| FieldProblem::of_form("This record has no such task."))
}
