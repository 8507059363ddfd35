//! The one shape in which anything that is not a success reaches a client: problem details (RFC 9457).

use std::fmt;

use event_store::Version;
use leptos::prelude::FromServerFnError;
use leptos::server_fn::error::ServerFnErrorErr;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::server_functions::Text;

/// A problem document. `code` is stable and for programs, `detail` is for people; what explains the
/// problem further (`current_version`, `since`, `rejection`, `index` …) stands beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem: a reference into the documentation, by code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable name of the problem.
    pub code: String,
    /// What was wrong, where, and what would be right.
    pub detail: String,
    /// What explains it further.
    #[serde(flatten)]
    pub more: Box<Map<String, Value>>,
}

/// A SKU that an item has, and which item that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuTaken {
    /// As that item writes it.
    pub sku: String,
    /// Which.
    pub item: Uuid,
    /// What that is called, where it is known.
    pub name: Option<String>,
}

/// The stable names of problems, each with its status and its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`parts` says what each means")]
pub enum Code {
    Malformed,
    Forbidden,
    NotFound,
    UnknownKind,
    UnknownAggregate,
    UnknownVersion,
    MethodNotAllowed,
    Conflict,
    CommandIdReused,
    TooSlow,
    TooLarge,
    Misdirected,
    UnsupportedMediaType,
    Rejected,
    Busy,
    Unavailable,
    DiskFull,
    NewerVersion,
    Corrupt,
    Internal,
    /// No answer came, and nobody knows whether the request arrived: made by the browser, never by the
    /// server.
    NoAnswer,
}

impl Code {
    const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Malformed => (400, "malformed", "The request cannot be read"),
            Self::Forbidden => (403, "forbidden", "Not allowed"),
            Self::NotFound => (404, "not-found", "Not found"),
            Self::UnknownKind => (404, "unknown-kind", "Kind not found"),
            Self::UnknownAggregate => (404, "unknown-aggregate", "Aggregate not found"),
            Self::UnknownVersion => (404, "unknown-version", "Version not found"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Self::Conflict => (409, "conflict", "Someone else changed it first"),
            Self::CommandIdReused => (409, "command-id-reused", "Command id already used"),
            Self::TooSlow => (408, "too-slow", "Not read in time"),
            Self::TooLarge => (413, "too-large", "Too large"),
            Self::UnsupportedMediaType => {
                (415, "unsupported-media-type", "Another format is needed")
            }
            Self::Misdirected => (421, "misdirected", "Not a host of this server"),
            Self::Rejected => (422, "rejected", "Not possible"),
            Self::Busy => (429, "busy", "Too many requests at once"),
            Self::Unavailable => (503, "unavailable", "The store does not answer"),
            Self::DiskFull => (503, "disk-full", "The disk is full"),
            Self::NewerVersion => (503, "newer-version", "A newer Daybook is needed"),
            Self::Corrupt => (500, "corrupt", "The stored record is damaged"),
            Self::Internal => (500, "internal", "Something went wrong"),
            Self::NoAnswer => (0, "no-answer", "The server does not answer"),
        }
    }
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (status, name, title) = code.parts();
        Self {
            kind: format!("/problems/{name}"),
            title: title.to_owned(),
            status,
            code: name.to_owned(),
            detail: detail.into(),
            more: Box::default(),
        }
    }

    /// The same, with one more thing that explains it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Whether it is of this code.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.parts().1
    }

    /// Whether the command may have been taken up all the same, or may be yet.
    pub fn is_unknown_outcome(&self) -> bool {
        [Code::NoAnswer, Code::Unavailable, Code::Internal].into_iter().any(|code| self.is(code))
    }

    /// Reports whether the same request may succeed later, unchanged.
    pub fn is_passing(&self) -> bool {
        self.is(Code::Unavailable) || self.is(Code::DiskFull)
    }

    /// Whose the SKU is, where the problem is that a new item was to have another's.
    pub fn sku_taken(&self) -> Option<SkuTaken> {
        let figures = self.more.get("rejection")?;
        // Field by field: what serde makes of an enum within such a value is large for a browser.
        let said = |field: &str| figures.get(field).and_then(Value::as_str);
        if said("code") != Some("sku-taken") {
            return None;
        }
        let (sku, item) = (said("sku")?.to_owned(), said("item")?.parse().ok()?);
        Some(SkuTaken { sku, item, name: said("name").map(str::to_owned) })
    }

    /// The version that holds another command of the same id, where that is the problem.
    pub fn taken_as(&self) -> Option<Version> {
        let version = self.more.get("version").filter(|_| self.is(Code::CommandIdReused));
        version.and_then(Value::as_u64)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl FromServerFnError for Problem {
    type Encoder = Text;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::new(Code::NoAnswer, error.to_string()),
            // By one name the server calls what it was sent, and the browser what it was answered.
            ServerFnErrorErr::Deserialization(why) if cfg!(feature = "ssr") => {
                Self::new(Code::Malformed, why)
            }
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => {
                Self::new(Code::Malformed, why)
            }
            _ => Self::new(Code::Internal, error.to_string()),
        }
    }
}
