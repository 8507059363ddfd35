//! Problem details (RFC 9457): the only shape in which clients receive anything but a success.

use std::fmt;

use event_store::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A problem document (RFC 9457). Further members explain the problem: `pointer`, `line` and
/// `column` of what is malformed, `rejection` (its own `code`, with the figures that explain it)
/// and `version` of what was rejected, `current_version` and `since` (change sets) of a conflict,
/// `failed_at` of what is corrupt, `index` of the command in an atomic batch, `position` in the
/// feed. A new item whose SKU another item has is rejected with the code `sku-taken`, the `sku` as
/// that item spells it, its id as `item`, and its `name`, which is null if it cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The kind of problem: a reference into the documentation, by code.
    #[cfg_attr(feature = "openapi", schema(example = "/problems/rejected"))]
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// The stable name of the problem.
    #[cfg_attr(feature = "openapi", schema(example = "rejected"))]
    pub code: String,
    /// The mistake, its place, and what would be right.
    pub detail: String,
    /// Further members that explain the problem.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub more: Box<Map<String, Value>>,
}

/// A SKU that is taken, and the item that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuTaken {
    /// The SKU, as that item writes it.
    pub sku: String,
    /// The item.
    pub item: Uuid,
    /// The name of the item, if known.
    pub name: Option<String>,
}

/// The stable names of problems, each with its status and its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`parts` says what each means")]
pub enum Code {
    Malformed,
    Unauthenticated,
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
    /// No answer came, so it is unknown whether the request arrived. Made by the browser, never by
    /// the server.
    NoAnswer,
}

impl Code {
    const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Malformed => (400, "malformed", "The request cannot be read"),
            Self::Unauthenticated => (401, "unauthenticated", "Sign in first"),
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
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "Unsupported format"),
            Self::Misdirected => (421, "misdirected", "Unknown host"),
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
    /// Creates a problem with this code.
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

    /// Adds a member that explains the problem further.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Returns whether the problem has this code.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.parts().1
    }

    /// Returns whether the command may have been recorded nevertheless, or may still be.
    pub fn is_unknown_outcome(&self) -> bool {
        [Code::NoAnswer, Code::Unavailable, Code::Internal].into_iter().any(|code| self.is(code))
    }

    /// Returns whether the same request may succeed later, unchanged.
    pub fn is_passing(&self) -> bool {
        self.is(Code::Unavailable) || self.is(Code::DiskFull)
    }

    /// Returns the taken SKU and its item, if that is why an item could not be created.
    pub fn sku_taken(&self) -> Option<SkuTaken> {
        let figures = self.more.get("rejection")?;
        // Read field by field: the code that serde generates for an enum in such a value is large
        // for a browser.
        let said = |field: &str| figures.get(field).and_then(Value::as_str);
        if said("code") != Some("sku-taken") {
            return None;
        }
        let (sku, item) = (said("sku")?.to_owned(), said("item")?.parse().ok()?);
        Some(SkuTaken { sku, item, name: said("name").map(str::to_owned) })
    }

    /// Returns the version that holds another command with the same id, if that is the problem.
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
