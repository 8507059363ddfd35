//! The content of a disk after a power cut.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand::Rng;
use rand::rngs::StdRng;

use super::journal::{Kind, Record};

/// The size of the unit that a disk writes atomically, in bytes.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
struct File<'r> {
    /// The content at the last sync.
    durable: Vec<u8>,
    /// The changes since the last sync, in order.
    pending: Vec<&'r Record>,
    /// Set once a sync of the directory has made the file's name durable.
    is_named: bool,
    is_removed: bool,
}

/// The files at one moment of the journal.
#[derive(Debug, Default)]
pub(super) struct Disk<'r>(BTreeMap<u32, File<'r>>);

impl<'r> Disk<'r> {
    pub(super) fn until(records: impl Iterator<Item = &'r Record>) -> Self {
        let mut files: BTreeMap<u32, File<'r>> = BTreeMap::new();
        for record in records {
            match record.kind {
                Kind::Created => {
                    files.insert(record.file, File::default());
                }
                Kind::Written | Kind::Cut => {
                    files.entry(record.file).or_default().pending.push(record);
                }
                Kind::Synced => {
                    let file = files.entry(record.file).or_default();
                    for record in std::mem::take(&mut file.pending) {
                        apply(&mut file.durable, record, |_| true);
                    }
                }
                Kind::Removed => files.entry(record.file).or_default().is_removed = true,
                Kind::DirectorySynced => {
                    files.retain(|_, file| !file.is_removed);
                    files.values_mut().for_each(|file| file.is_named = true);
                }
            }
        }
        Self(files)
    }

    /// Writes the files into the directory, each with a random part of its unsynced changes.
    pub(super) fn lay_out(self, data: &Path, random: &mut StdRng) {
        fs::create_dir_all(data).unwrap();
        // The share of unsynced changes that reached the disk: none, some or all.
        let kept = [0.0, 0.5, 0.9, 1.0][random.random_range(0..4)];
        for (id, file) in self.0 {
            let is_lost = !file.is_named && !random.random_bool(kept);
            if is_lost || file.is_removed && random.random_bool(kept) {
                continue;
            }
            let mut content = file.durable;
            for record in file.pending {
                apply(&mut content, record, |_| random.random_bool(kept));
            }
            fs::write(data.join(name(id)), content).unwrap();
        }
    }
}

/// Applies one record, limited to the sectors that `keeps` accepts.
fn apply(content: &mut Vec<u8>, record: &Record, mut keeps: impl FnMut(usize) -> bool) {
    let at = usize::try_from(record.offset).unwrap();
    if record.kind == Kind::Cut {
        if keeps(at / SECTOR) {
            content.resize(at, 0);
        }
        return;
    }
    let end = at + record.bytes.len();
    let mut from = at;
    while from < end {
        let to = ((from / SECTOR + 1) * SECTOR).min(end);
        if keeps(from / SECTOR) {
            if content.len() < to {
                content.resize(to, 0);
            }
            content[from..to].copy_from_slice(&record.bytes[from - at..to - at]);
        }
        from = to;
    }
}

/// Returns the name of a file by its number in the journal. The index of the write-ahead log needs
/// no name, because SQLite rebuilds it.
fn name(id: u32) -> &'static str {
    let hash = |suffix: &str| {
        suffix.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
    };
    let suffixes =
        [("", "daybook.db"), ("-wal", "daybook.db-wal"), ("-journal", "daybook.db-journal")];
    let name = suffixes.iter().find(|(suffix, _)| hash(suffix) == id);
    name.map_or("other-file", |(_, name)| name)
}
