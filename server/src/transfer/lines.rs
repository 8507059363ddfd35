//! Files of one change set a line.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use event_store::{AggregateId, ChangeSet, Hash, Version};

use crate::Failure;

/// The most that a line may have: a body of 16 MiB, each byte of which JSON may write as six.
const LINE_LIMIT: u64 = 128 * 1024 * 1024;

/// A line that is no change set, or none that can stand where it does.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// From 1.
    pub line: u64,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// Reads change sets, one a line.
#[derive(Debug)]
pub(super) struct Lines<R> {
    from: R,
    pub(super) line: u64,
    /// Whether the last line ended with what ends one.
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, line: 0, ended: true }
    }

    /// The next change set, whose hash is that of its body.
    pub(super) fn next(&mut self) -> Result<Option<ChangeSet>, Failure> {
        let mut text = Vec::new();
        (&mut self.from).take(LINE_LIMIT).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        self.ended = text.pop_if(|last| *last == b'\n').is_some();
        let change_set = serde_json::from_slice::<ChangeSet>(&text).map_err(|error| {
            let cut_off = error.is_eof() || !self.ended;
            let why = if cut_off { "it is cut off" } else { "it is no change set" };
            self.wrong(format!("{why}: {error}; expected a line of `daybook export`"))
        })?;
        if !change_set.is_unaltered() {
            let ChangeSet { aggregate, version, .. } = &change_set;
            return Err(self.wrong(format!(
                "version {version} of {aggregate} was altered: its hash does not match what it says"
            )));
        }
        Ok(Some(change_set))
    }

    pub(super) fn wrong(&self, problem: impl ToString) -> Failure {
        LineError { line: self.line, problem: problem.to_string() }.into()
    }
}

/// The last change set of an export that was stopped. Half a line behind it is cut off.
pub(super) fn last_whole(path: &Path) -> Result<Option<(AggregateId, Version, Hash)>, Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let (mut lines, mut last, mut end) = (Lines::new(BufReader::new(&mut file)), None, 0);
    loop {
        match lines.next() {
            // Written again, or the next one would stand on the same line.
            Ok(Some(_)) if !lines.ended => break,
            Ok(Some(change_set)) => {
                end = lines.from.stream_position().map_err(failed)?;
                last = Some((change_set.aggregate, change_set.version, change_set.hash));
            }
            Ok(None) => break,
            // Whatever follows is no export's.
            Err(error) if !lines.is_at_end()? => return Err(error),
            Err(_) => break,
        }
    }
    file.set_len(end).map_err(failed)?;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    Ok(last)
}

impl<R: BufRead> Lines<R> {
    fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.from.fill_buf()?.is_empty())
    }
}
