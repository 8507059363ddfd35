//! Power cuts at arbitrary moments under load: every acknowledged command survives.
//!
//! The server runs with a preloaded C library that journals every write and sync of the store's
//! files (`power_cut/journal.c`). The test replays the journal up to a moment. Of the writes that
//! were not synced by then, it keeps random sectors, as a disk does. A server that starts on the
//! result must have every command that was answered by then, and each transaction as a whole or not
//! at all. Its chain and its feed must verify.
//!
//! `DAYBOOK_POWER_CUTS` sets the number of moments, and `DAYBOOK_POWER_SEED` repeats the random
//! choices.

mod disk;
mod journal;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tempfile::tempdir;

use self::disk::Disk;
use self::journal::{Journal, Kind, Record};
use super::books::Books;
use super::call::{Call, Told};
use super::crash::{Items, next, note_created};
use super::ledger::Ledger;
use super::{number, seed};
use crate::desk::{bolt, command, new_id};
use crate::process::{Daybook, daybook, run};

const WRITERS: usize = 8;
const CALLS: usize = 40;

/// A call, its answer, and the length of the journal when the answer came.
type Noted = (Call, Told, u64);

#[test]
fn an_acknowledged_command_survives_a_power_cut_at_any_moment() {
    let directory = tempdir().unwrap();
    let data = directory.path().join("data");
    let journal = Journal::of(directory.path(), &data);
    let mut random = StdRng::seed_from_u64(seed("DAYBOOK_POWER_SEED"));
    let noted = under_load(&journal, &data, &mut random);
    let records = journal.records();
    let end = records.last().unwrap().end;
    let created = noted.iter().map(|(_, _, written)| *written).min().unwrap();
    for cut in 0..number("DAYBOOK_POWER_CUTS", 6) {
        // Every third cut is in the short time in which the files are made.
        let end = if cut % 3 == 0 { created } else { end };
        let moment = random.random_range(0..=end);
        let left = directory.path().join(format!("cut-{cut}"));
        let disk = Disk::until(records.iter().take_while(|record| record.end <= moment));
        disk.lay_out(&left, &mut random);
        assert_kept(&left, &noted, moment);
        fs::remove_dir_all(&left).unwrap();
    }
}

/// Without group commit, every command needs a sync of its own, whatever the number of writers.
#[test]
fn thirty_two_writers_need_at_most_one_sync_per_eight_commands() {
    const WRITERS: usize = 32;
    const EACH: usize = 8;
    let directory = tempdir().unwrap();
    let data = directory.path().join("data");
    // On a slow disk, the writers wait for syncs and for nothing else, however busy the machine is.
    let journal = Journal::of(directory.path(), &data).with_slow_syncs(100_000);
    let server = Daybook::start(journal.keep(&mut daybook(&data)));
    let items = [(); WRITERS].map(|()| new_id());
    for item in items {
        assert_eq!(server.command(&command(item, "CreateInventoryItem", bolt())).status, 201);
    }
    let before = syncs(&journal.records());
    thread::scope(|scope| {
        for item in items {
            let server = &server;
            scope.spawn(move || {
                for _ in 0..EACH {
                    let check_in = command(item, "CheckInItems", json!({ "quantity": 1 }));
                    assert_eq!(server.command(&check_in).status, 201);
                }
            });
        }
    });
    let syncs = syncs(&journal.records()) - before;
    server.stop();
    let commands = WRITERS * EACH;
    println!("{syncs} syncs for {commands} commands");
    assert!(syncs > 0, "the journal has no syncs");
    assert!(syncs * 8 <= commands, "{syncs} syncs for {commands} commands");
}

fn syncs(records: &[Record]) -> usize {
    records.iter().filter(|record| record.kind == Kind::Synced).count()
}

fn under_load(journal: &Journal, data: &Path, random: &mut StdRng) -> Vec<Noted> {
    let server = Daybook::start(journal.keep(&mut daybook(data)));
    let items = Items::default();
    let noted = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            let mut random = StdRng::seed_from_u64(random.random());
            let (items, noted, server) = (&items, &noted, &server);
            scope.spawn(move || {
                for _ in 0..CALLS {
                    let call = next(&mut random, items);
                    let told = call.send(server.address);
                    if matches!(told, Told::Accepted(_)) {
                        note_created(items, &call);
                    }
                    let written = journal.length();
                    noted.lock().unwrap().push((call, told, written));
                }
            });
        }
    });
    server.signal("KILL");
    server.wait();
    noted.into_inner().unwrap()
}

/// Asserts that a server started on these files has every command that was answered by this moment.
fn assert_kept(left: &Path, noted: &[Noted], moment: u64) {
    let mut ledger = Ledger::default();
    for (call, told, written) in noted {
        // An answer that came after the moment proves nothing: its call may be lost, and a refusal
        // may rest on a lost write.
        let told = if *written <= moment { told.clone() } else { Told::Nothing };
        ledger.note(call.clone(), told);
    }
    let mut start = daybook(left);
    let server = Daybook::start(&mut start);
    let books = Books::read(&server, 1, &ledger.aggregates);
    ledger.assert_kept(&books);
    server.stop();
    let verified = run(start.arg("verify"));
    assert!(verified.status.success(), "{verified:?}");
    let acknowledged = ledger.accepted.len();
    println!("at {moment}: {acknowledged} acknowledged, {} change sets there", books.len());
}
