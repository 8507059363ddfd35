//! The one shape in which anything that is not a success reaches a client: problem details (RFC 9457).

use std::fmt;

use leptos::prelude::FromServerFnError;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::ServerFnErrorErr;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    TooLarge,
    UnsupportedMediaType,
    Rejected,
    Unavailable,
    Corrupt,
    Internal,
    /// The request never arrived: made by the browser, never by the server.
    Offline,
}

impl Code {
    const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Malformed => (400, "malformed", "The request cannot be read"),
            Self::Forbidden => (403, "forbidden", "Not allowed"),
            Self::NotFound => (404, "not-found", "There is nothing here"),
            Self::UnknownKind => (404, "unknown-kind", "There is no such kind of aggregate"),
            Self::UnknownAggregate => (404, "unknown-aggregate", "There is no such aggregate"),
            Self::UnknownVersion => (404, "unknown-version", "There is no such version"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Not a method of this resource"),
            Self::Conflict => (409, "conflict", "Someone else was faster"),
            Self::CommandIdReused => (409, "command-id-reused", "The command id is taken"),
            Self::TooLarge => (413, "too-large", "Too large"),
            Self::UnsupportedMediaType => {
                (415, "unsupported-media-type", "Another format is needed")
            }
            Self::Rejected => (422, "rejected", "The rules say no"),
            Self::Unavailable => (503, "unavailable", "The store is away"),
            Self::Corrupt => (500, "corrupt", "What is stored is not what was written"),
            Self::Internal => (500, "internal", "Something went wrong here"),
            Self::Offline => (0, "offline", "The server cannot be reached"),
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
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let code = match &error {
            ServerFnErrorErr::Request(_) => Code::Offline,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Code::Malformed,
            _ => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}
