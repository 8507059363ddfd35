//! A place where goods are kept.

mod command;
mod event;
mod list;
mod rejection;
mod task;

use event_store::{Aggregate, Context};
use serde::{Deserialize, Serialize};

pub use command::{
    CloseLocation, LocationCommand, RegisterLocation, RenameLocation, ReopenLocation,
};
pub use event::{
    LocationClosed, LocationEvent, LocationRegistered, LocationRenamed, LocationReopened,
};
pub use rejection::LocationRejection;
pub use task::Task;

use crate::kind::Kind;
use crate::limits::line;
use crate::list::Column;
use LocationCommand as Command;
use LocationEvent as Event;
use LocationRejection as Rejection;

/// The state of a location at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Location {
    /// The code on labels and lists, such as `BACK`.
    pub code: String,
    /// The name of the location.
    pub name: String,
    /// True if goods can be kept there.
    pub open: bool,
}

impl Location {
    /// Returns whether the location has been registered. The code of a registered location is never
    /// blank.
    pub fn exists(&self) -> bool {
        !self.code.is_empty()
    }

    fn must_exist(&self) -> Result<(), Rejection> {
        if self.exists() { Ok(()) } else { Err(Rejection::UnknownLocation) }
    }

    fn must_be_open(&self) -> Result<(), Rejection> {
        self.must_exist()?;
        if self.open { Ok(()) } else { Err(Rejection::Closed) }
    }

    fn decide_event(&self, command: &Command) -> Result<Event, Rejection> {
        match command {
            Command::RegisterLocation(c) => self.register(c),
            Command::RenameLocation(c) => self.rename(c),
            Command::CloseLocation(c) => self.close(c),
            Command::ReopenLocation(_) => self.reopen(),
        }
    }

    fn register(&self, command: &RegisterLocation) -> Result<Event, Rejection> {
        if self.exists() {
            return Err(Rejection::ExistsAlready { registered_as: self.code.clone() });
        }
        let (code, name) = (line("code", &command.code)?, line("name", &command.name)?);
        Ok(Event::LocationRegistered(LocationRegistered { code, name }))
    }

    fn rename(&self, command: &RenameLocation) -> Result<Event, Rejection> {
        self.must_be_open()?;
        let name = line("name", &command.name)?;
        if name == self.name {
            return Err(Rejection::SameName { name });
        }
        Ok(Event::LocationRenamed(LocationRenamed { name }))
    }

    fn close(&self, command: &CloseLocation) -> Result<Event, Rejection> {
        self.must_exist()?;
        if !self.open {
            return Err(Rejection::AlreadyClosed);
        }
        let reason = line("reason", &command.reason)?;
        Ok(Event::LocationClosed(LocationClosed { reason }))
    }

    fn reopen(&self) -> Result<Event, Rejection> {
        self.must_exist()?;
        if self.open {
            return Err(Rejection::AlreadyOpen);
        }
        Ok(Event::LocationReopened(LocationReopened {}))
    }
}

impl Aggregate for Location {
    const KIND: &'static str = "location";

    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command, _: &Context) -> Result<Vec<Event>, Rejection> {
        self.decide_event(command).map(|event| vec![event])
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::LocationRegistered(e) => {
                self.code.clone_from(&e.code);
                self.name.clone_from(&e.name);
                self.open = true;
            }
            Event::LocationRenamed(e) => self.name.clone_from(&e.name),
            Event::LocationClosed(_) => self.open = false,
            Event::LocationReopened(_) => self.open = true,
        }
        self
    }

    fn begins(command: &Command) -> bool {
        matches!(command, Command::RegisterLocation(_))
    }

    /// Returns whether `event` changes what the author of `command` saw: the name, or whether the
    /// location is open.
    fn conflicts_with(command: &Command, event: &Event) -> bool {
        match command {
            Command::RegisterLocation(_) => true,
            Command::RenameLocation(_) => matches!(event, Event::LocationRenamed(_)),
            Command::CloseLocation(_) => matches!(event, Event::LocationReopened(_)),
            Command::ReopenLocation(_) => matches!(event, Event::LocationClosed(_)),
        }
    }

    fn reason(command: &Command) -> Option<String> {
        match command {
            Command::CloseLocation(c) => Some(c.reason.trim().to_owned()),
            _ => None,
        }
    }
}

impl Kind for Location {
    const COLUMNS: &'static [Column<Self>] = list::COLUMNS;

    type Task = Task;

    fn display_name(&self) -> &str {
        &self.name
    }

    /// Decides the least demanding command of the task, so that the answer agrees with
    /// [`Aggregate::decide`].
    fn allows(&self, task: Task) -> Result<(), Rejection> {
        self.decide_event(&task.least_command(self)).map(|_| ())
    }

    fn unblocked_by(rejection: &Rejection) -> Option<Task> {
        match rejection {
            Rejection::Closed => Some(Task::Reopen),
            _ => None,
        }
    }

    fn admits_references(&self) -> Result<(), Rejection> {
        self.must_be_open()
    }

    fn is_unknown(rejection: &Rejection) -> bool {
        matches!(rejection, Rejection::UnknownLocation)
    }
}
