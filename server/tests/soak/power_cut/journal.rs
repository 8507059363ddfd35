//! The journal that the preloaded library writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server's journal, and the settings of the library that writes it.
pub(super) struct Journal {
    library: PathBuf,
    file: PathBuf,
    store: PathBuf,
    sync_micros: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Created,
    Written,
    Cut,
    Synced,
    Removed,
    DirectorySynced,
}

/// One record of the journal. `file` is 0 for the database itself; each file beside it has another
/// number.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) file: u32,
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    /// The length of the journal up to the end of this record, in bytes.
    pub(super) end: u64,
}

impl Journal {
    /// Compiles the library into `directory`, to journal the store in `data`.
    pub(super) fn of(directory: &Path, data: &Path) -> Self {
        let library = directory.join("journal.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soak/power_cut/journal.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
        let built = compiler.args(["-ldl", "-lpthread"]).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        fs::create_dir_all(data).unwrap();
        let (file, store) = (directory.join("journal"), data.join("daybook.db"));
        Self { library, file, store, sync_micros: 0 }
    }

    /// Delays each sync by this many microseconds, as a slow disk would.
    pub(super) fn with_slow_syncs(self, sync_micros: u64) -> Self {
        Self { sync_micros, ..self }
    }

    /// Makes this program write the journal.
    pub(super) fn keep<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("JOURNAL", &self.file)
            .env("JOURNAL_FILES", &self.store)
            .env("JOURNAL_SYNC_MICROS", self.sync_micros.to_string())
    }

    pub(super) fn length(&self) -> u64 {
        fs::metadata(&self.file).unwrap().len()
    }

    /// Returns all records. A record that is still being written is left out.
    pub(super) fn records(&self) -> Vec<Record> {
        let journal = fs::read(&self.file).unwrap();
        let mut rest = &journal[..];
        let mut records = Vec::new();
        while let Some((header, after)) = rest.split_first_chunk::<24>() {
            let number = |at: usize| u64::from_ne_bytes(header[at..at + 8].try_into().unwrap());
            let half = |at: usize| u32::from_ne_bytes(header[at..at + 4].try_into().unwrap());
            let kind = match half(0) {
                1 => Kind::Created,
                2 => Kind::Written,
                3 => Kind::Cut,
                4 => Kind::Synced,
                5 => Kind::Removed,
                6 => Kind::DirectorySynced,
                other => panic!("unknown kind of record: {other}"),
            };
            let length = usize::try_from(number(16)).unwrap();
            let Some((bytes, after)) = after.split_at_checked(length) else { break };
            rest = after;
            let end = (journal.len() - rest.len()) as u64;
            records.push(Record {
                kind,
                file: half(4),
                offset: number(8),
                bytes: bytes.to_vec(),
                end,
            });
        }
        records
    }
}
