//! What a disk holds after a power cut.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand::Rng;
use rand::rngs::StdRng;

use super::journal::{Kind, Record};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
struct File<'r> {
    /// What has been synced.
    durable: Vec<u8>,
    /// What came since, in order.
    pending: Vec<&'r Record>,
    /// Whether its name is certainly in the directory.
    is_named: bool,
    is_removed: bool,
}

/// The files at some moment.
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

    /// Writes the files as chance leaves them.
    pub(super) fn lay_out(self, data: &Path, random: &mut StdRng) {
        fs::create_dir_all(data).unwrap();
        // Nothing, everything or a part of what was not synced reached the disk.
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

/// Carries out one record; of what it writes, the sectors that are kept.
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

/// The name of a file by its number in the journal. SQLite makes its index of the log anew.
fn name(id: u32) -> &'static str {
    let hash = |suffix: &str| {
        suffix.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
    };
    let suffixes =
        [("", "daybook.db"), ("-wal", "daybook.db-wal"), ("-journal", "daybook.db-journal")];
    let name = suffixes.iter().find(|(suffix, _)| hash(suffix) == id);
    name.map_or("other-file", |(_, name)| name)
}
