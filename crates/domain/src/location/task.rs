use super::{
    CloseLocation, Location, LocationCommand as Command, RegisterLocation, RenameLocation,
    ReopenLocation,
};
use crate::kind::{self, Place};

/// A task that a person can perform on a location, by the name they know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the name says it")]
pub enum Task {
    Register,
    Rename,
    Close,
    Reopen,
}

impl kind::Task for Task {
    /// All tasks, those of a location's page in display order.
    const ALL: &'static [Self] = &[Self::Rename, Self::Close, Self::Reopen, Self::Register];

    fn title(self) -> &'static str {
        match self {
            Self::Register => "Register location",
            Self::Rename => "Rename location",
            Self::Close => "Close location",
            Self::Reopen => "Reopen location",
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Rename => "rename",
            Self::Close => "close",
            Self::Reopen => "reopen",
        }
    }

    fn place(self) -> Place {
        match self {
            Self::Register => Place::OwnPage,
            Self::Rename | Self::Close | Self::Reopen => Place::Record,
        }
    }
}

impl Task {
    /// Returns the least demanding command of the task: if it is refused, so is every other.
    pub(super) fn least_command(self, location: &Location) -> Command {
        let anything = || "-".to_owned();
        match self {
            Self::Register => {
                Command::RegisterLocation(RegisterLocation { code: anything(), name: anything() })
            }
            Self::Rename => {
                let name = if location.name == "-" { "+".to_owned() } else { anything() };
                Command::RenameLocation(RenameLocation { name })
            }
            Self::Close => Command::CloseLocation(CloseLocation { reason: anything() }),
            Self::Reopen => Command::ReopenLocation(ReopenLocation {}),
        }
    }
}
