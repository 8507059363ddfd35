//! Files with one change set a line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use api::DistinctKeys;
use event_store::{AggregateId, ChangeSet, Hash, Version};

use crate::Failure;

/// The maximum length of a line: a body of 16 MiB, each byte of which JSON may write as six.
const LINE_LIMIT: u64 = 128 * 1024 * 1024;

/// The beginning of each line that an export has written.
const BEGINNING: &[u8] = br#"{"aggregate":{"kind":""#;

/// The first bytes of files that are no export, or no longer one, with the message for each.
const FOREIGN_BEGINNINGS: [(&[u8], &str); 9] = [
    (b"\xef\xbb\xbf", "the file begins with a byte order mark: save it as UTF-8 without one"),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    // Without a byte order mark: an opening brace of two bytes.
    (b"{\0", UTF_16),
    (b"\0{", UTF_16),
    (b"\x1f\x8b", "the file is compressed: expand it with gunzip first"),
    (b"\x28\xb5\x2f\xfd", "the file is compressed: expand it with unzstd first"),
    (b"\xfd7zXZ\0", "the file is compressed: expand it with unxz first"),
    (b"PK\x03\x04", "the file is a ZIP archive: extract it first"),
];
const UTF_16: &str = "the file is UTF-16: save it as UTF-8, or give `daybook export` the file's name rather than \
                      redirecting its output";

/// A line that is no change set, or one that does not fit in its place.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: u64,
    /// The mistake, and what would be right.
    pub problem: String,
}

/// Reads change sets, one a line.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    from: R,
    pub(crate) line: u64,
    /// Set if the last line ended with a line break.
    ended: bool,
    /// Set if it did not, and is the beginning of a line of an export.
    cut_off: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, line: 0, ended: true, cut_off: false }
    }

    /// Reads the next change set, and checks its hash against its body.
    pub(crate) fn next(&mut self) -> Result<Option<ChangeSet>, Failure> {
        let Some(text) = self.next_text()? else { return Ok(None) };
        let change_set = serde_json::from_slice::<ChangeSet>(&text).map_err(|error| {
            let begins_so = text.iter().zip(BEGINNING).all(|(there, ours)| there == ours);
            self.cut_off = error.is_eof() && !self.ended && begins_so;
            let why = if error.is_eof() { "it is cut off" } else { "it is not a change set" };
            self.wrong(format!("{why}: {error}; expected a line of `daybook export`"))
        })?;
        for json in [text.as_slice(), change_set.body().as_bytes()] {
            serde_json::from_slice::<DistinctKeys>(json).map_err(|error| self.wrong(error))?;
        }
        if !change_set.is_unaltered() {
            let ChangeSet { aggregate, version, .. } = &change_set;
            return Err(self.wrong(format!(
                "version {version} of {aggregate} was altered: its hash does not match what it says"
            )));
        }
        Ok(Some(change_set))
    }

    /// Reads the next line. Empty lines are allowed at the end of the file, and wrong before it.
    fn next_text(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let mut text = Vec::new();
        let mut empty = 0;
        loop {
            text.clear();
            (&mut self.from).take(LINE_LIMIT).read_until(b'\n', &mut text)?;
            if text.is_empty() {
                return Ok(None);
            }
            if !text.trim_ascii().is_empty() {
                break;
            }
            empty += 1;
        }
        self.line += 1;
        if empty > 0 {
            return Err(self.wrong(
                "it is empty, but more lines follow: a line may be missing, so export again",
            ));
        }
        let begins = |(with, _): &&(&[u8], &str)| self.line == 1 && text.starts_with(with);
        if let Some((_, problem)) = FOREIGN_BEGINNINGS.iter().find(begins) {
            return Err(self.wrong(problem));
        }
        if text.len() as u64 >= LINE_LIMIT {
            let limit = LINE_LIMIT / 1024 / 1024;
            return Err(self.wrong(format!(
                "it has {limit} MiB or more, and no change set is that long; expected a line of `daybook export`"
            )));
        }
        self.ended = text.pop_if(|last| *last == b'\n').is_some();
        Ok(Some(text))
    }

    pub(crate) fn wrong(&self, problem: impl ToString) -> Failure {
        LineError { line: self.line, problem: problem.to_string() }.into()
    }
}

/// The contents of an export that was stopped.
#[derive(Debug)]
pub(crate) struct Written {
    /// The newest version of each aggregate, and its hash.
    pub(crate) heads: HashMap<AggregateId, (Version, Hash)>,
    /// The offset at which the last whole line ends.
    pub(crate) end: u64,
    /// Set if the last whole line ended with a line break.
    pub(crate) ended: bool,
}

impl Default for Written {
    fn default() -> Self {
        Self { heads: HashMap::new(), end: 0, ended: true }
    }
}

impl Written {
    /// Reads the file, if it exists, and changes nothing.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |source| Failure::File { path: path.to_owned(), source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        let mut lines = Lines::new(BufReader::new(file));
        let mut written = Self::default();
        loop {
            match lines.next() {
                Ok(Some(ChangeSet { aggregate, version, hash, .. })) => {
                    written.end = lines.from.stream_position().map_err(failed)?;
                    written.ended = lines.ended;
                    written.heads.insert(aggregate, (version, hash));
                }
                Err(error) if !lines.cut_off => return Err(error),
                Ok(None) | Err(_) => return Ok(written),
            }
        }
    }
}
