//! A server that is killed under load, again and again, on the same data: acknowledged commands
//! survive, nothing is recorded twice, and the feed and the list are complete.
//!
//! `DAYBOOK_CRASH_ROUNDS` sets the number of kills, and `DAYBOOK_BINARY` the program.
//! `DAYBOOK_CRASH_SEED` repeats the commands and the moments, but not their interleaving.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tempfile::tempdir;
use uuid::Uuid;

use super::books::{Books, SHARED};
use super::call::{Call, Told};
use super::ledger::Ledger;
use super::{number, seed};
use crate::desk::{bolt, command, new_id};
use crate::nodes::Ministack;
use crate::process::{Daybook, daybook, run};

const WRITERS: u64 = 8;
const ITEMS: usize = 30;
/// The number of acknowledged commands that are sent again in each round.
const REPEATED: usize = 10;

/// The items that commands address. All of them are known to exist.
pub(super) type Items = Mutex<Vec<Uuid>>;

#[test]
fn a_server_that_is_killed_repeatedly_loses_nothing() {
    let data = tempdir().unwrap();
    // No other process uses the store, so everything is in order after the start: one try.
    crash(&mut daybook(data.path()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_ministack_that_is_killed_repeatedly_loses_nothing() {
    let Some(mut ministack) = Ministack::start() else { return };
    ministack.client().await;
    let killing = move || {
        let data = tempdir().unwrap();
        // The store may carry out a killed process's request after the kill.
        crash(daybook(data.path()).args(["--dynamodb-endpoint", &ministack.url()]), SHARED);
    };
    tokio::task::spawn_blocking(killing).await.unwrap();
}

fn crash(start: &mut Command, tries: usize) {
    let mut random = StdRng::seed_from_u64(seed("DAYBOOK_CRASH_SEED"));
    let (items, mut ledger, mut books) = (Items::default(), Ledger::default(), Books::default());
    let mut server = Daybook::start(start);
    let (mut unanswered, mut done) = (0, 0);
    for _ in 0..number("DAYBOOK_CRASH_ROUNDS", 3) {
        let told = until_killed(server, &mut random, &items);
        if random.random_ratio(1, 3) {
            kill_while_it_starts(start, random.random_range(0..1000));
        }
        server = Daybook::start(start);
        let before = ledger.accepted.len();
        told.into_iter().for_each(|(call, told)| ledger.note(call, told));
        unanswered += ledger.unknown.len();
        books.read_on(&server, tries, &ledger.aggregates);
        ledger.assert_kept(&books);

        for _ in 0..REPEATED {
            let Some((call, answers)) = ledger.accepted[before..].choose(&mut random) else {
                break;
            };
            let again = call.send(server.address);
            assert!(again.is_repeat(), "{call:?}: {again:?}");
            let Told::Accepted(again) = again else { unreachable!() };
            let differs = |(one, other): (&serde_json::Value, &serde_json::Value)| {
                (&one["version"], &one["hash"]) != (&other["version"], &other["hash"])
            };
            assert!(!answers.iter().zip(&again).any(differs), "{answers:?}: {again:?}");
        }
        for call in std::mem::take(&mut ledger.unknown) {
            let known = call.commands().iter().all(|command| books.found(command).is_some());
            done += usize::from(known);
            let again = call.send(server.address);
            // A store that outlives the process may have carried out the command since.
            if known || tries == 1 {
                assert_eq!(again.is_repeat(), known, "{call:?}: {again:?}");
            }
            match again {
                Told::Accepted(_) => {
                    note_created(&items, &call);
                    ledger.note(call, again);
                }
                // On such a store, the first request may still be carried out later.
                Told::Refused { .. } if tries == 1 => ledger.refused.push(call),
                Told::Refused { .. } => {}
                Told::Nothing => panic!("{call:?} was not answered"),
            }
        }
        books.read_on(&server, tries, &ledger.aggregates);
        ledger.assert_kept(&books);
        books.assert_shown(&server, tries);
    }
    let whole = Books::read(&server, tries, &ledger.aggregates);
    assert!(whole == books, "entries of the feed have moved");
    server.stop();
    let verified = run(start.arg("verify"));
    let said = String::from_utf8(verified.stdout.clone()).unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let all = format!("All {} change sets of ", books.len());
    // The second line says where the feed ends.
    assert!(said.starts_with(&all) && said.lines().count() == 2, "{said}");
    let acknowledged = ledger.accepted.len();
    println!("{acknowledged} acknowledged; {unanswered} not answered, {done} of them done; {said}");
}

/// Kills the server at a random moment after a random number of answers. Returns every outcome.
fn until_killed(server: Daybook, random: &mut StdRng, items: &Items) -> Vec<(Call, Told)> {
    let address = server.address;
    let answered = AtomicUsize::new(0);
    let enough = random.random_range(1..150);
    let moment = Duration::from_micros(random.random_range(0..20_000));
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let random = StdRng::seed_from_u64(random.random());
                let (items, answered) = (&*items, &answered);
                scope.spawn(move || write(address, random, items, answered))
            })
            .collect();
        while answered.load(Ordering::Relaxed) < enough {
            assert!(writers.iter().any(|writer| !writer.is_finished()), "nothing is answered");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(moment);
        server.signal("KILL");
        assert_eq!(server.wait().0, None);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

/// Sends one command after another until one gets no answer.
fn write(
    to: SocketAddr,
    mut random: StdRng,
    items: &Items,
    answered: &AtomicUsize,
) -> Vec<(Call, Told)> {
    let mut all = Vec::new();
    loop {
        let call = next(&mut random, items);
        let told = call.send(to);
        let unanswered = matches!(told, Told::Nothing);
        if matches!(told, Told::Accepted(_)) {
            note_created(items, &call);
        }
        all.push((call, told));
        if unanswered {
            return all;
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) fn next(random: &mut StdRng, items: &Items) -> Call {
    let items = items.lock().unwrap();
    let Some((&item, &other)) = items.choose(random).zip(items.choose(random)) else {
        return Call::Alone(command(new_id(), "CreateInventoryItem", bolt()));
    };
    let quantity = random.random_range(1..20);
    let check_in = |item| command(item, "CheckInItems", json!({ "quantity": quantity }));
    let remove =
        |item| command(item, "RemoveItems", json!({ "quantity": quantity, "reason": "sold" }));
    match random.random_range(0..12) {
        0 if items.len() < ITEMS => Call::Alone(command(new_id(), "CreateInventoryItem", bolt())),
        1..3 if item != other => Call::Together(vec![remove(item), check_in(other)]),
        3..6 => Call::Alone(remove(item)),
        _ => Call::Alone(check_in(item)),
    }
}

pub(super) fn note_created(items: &Items, call: &Call) {
    for command in call.commands() {
        if command["command"]["type"] == "CreateInventoryItem" {
            let id = command["aggregate"]["id"].as_str().unwrap().parse().unwrap();
            items.lock().unwrap().push(id);
        }
    }
}

fn kill_while_it_starts(start: &mut Command, after_millis: u64) {
    let mut process = start.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(after_millis));
    process.kill().unwrap();
    process.wait().unwrap();
}
