//! Three processes on one table, and many writers on few items: each version has one winner, each
//! command is carried out once or not at all, as its answer says, and all processes show the same
//! feed.
//!
//! `DAYBOOK_RACE_SECONDS` sets the duration, and `DAYBOOK_BINARY` the program. `DAYBOOK_RACE_SEED`
//! repeats the commands, but not their interleaving.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

use super::books::{Books, SHARED};
use super::call::{Call, Told};
use super::ledger::Ledger;
use super::{number, seed};
use crate::desk::{bolt, command, expecting, new_id};
use crate::nodes::Ministack;
use crate::process::{Daybook, daybook};

const NODES: usize = 3;
const WRITERS: usize = 32;
const ITEMS: usize = 4;
/// The minimum number of calls of each writer.
const CALLS: usize = 5;
/// The number of times that a client sends a call whose outcome is unknown.
const INSISTENCE: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_on_one_table_agree() {
    let Some(mut ministack) = Ministack::start() else { return };
    ministack.client().await;
    tokio::task::spawn_blocking(move || race(&ministack.url())).await.unwrap();
}

fn race(url: &str) {
    let mut random = StdRng::seed_from_u64(seed("DAYBOOK_RACE_SEED"));
    let data = [(); NODES].map(|()| tempdir().unwrap());
    let nodes = data
        .each_ref()
        .map(|data| Daybook::start(daybook(data.path()).args(["--dynamodb-endpoint", url])));
    let addresses = nodes.each_ref().map(|node| node.address);
    let mut ledger = Ledger::default();
    let items = [(); ITEMS].map(|()| new_id());
    for item in items {
        let create = Call::Alone(command(item, "CreateInventoryItem", bolt()));
        let told = create.send(addresses[0]);
        ledger.note(create, told);
    }
    let until = Instant::now() + Duration::from_secs(number("DAYBOOK_RACE_SECONDS", 5));
    let noted: Vec<(Call, Sent)> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let random = StdRng::seed_from_u64(random.random());
                scope.spawn(move || Writer::new(random, addresses, items).write(until))
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let (mut repeats, mut conflicts) = (0, 0);
    for (call, Sent { told, repeat }) in noted {
        repeats += usize::from(repeat);
        conflicts += usize::from(matches!(told, Told::Refused { current: Some(_) }));
        ledger.note(call, told);
    }
    let all = nodes.each_ref().map(|node| Books::read(node, SHARED, &ledger.aggregates));
    for (node, books) in nodes.iter().zip(&all) {
        ledger.assert_kept(books);
        books.assert_shown(node, SHARED);
        assert!(books == &all[0], "two processes show different books");
    }
    let Ledger { accepted, refused, unknown, .. } = &ledger;
    println!(
        "{} accepted, {} refused ({conflicts} in conflict), {} unknown, {repeats} sent to two nodes: {} change sets",
        accepted.len(),
        refused.len(),
        unknown.len(),
        all[0].len()
    );
    // A race in which no two writers collide would prove nothing.
    assert!(accepted.len() > ITEMS && repeats > 0 && conflicts > 0, "no two writers collided");
    for node in nodes {
        node.stop();
    }
}

/// The outcome of a call.
struct Sent {
    told: Told,
    /// Set if another copy of the call had been carried out before.
    repeat: bool,
}

struct Writer {
    random: StdRng,
    nodes: [SocketAddr; NODES],
    items: [Uuid; ITEMS],
    /// The newest version of each item that the writer has seen.
    seen: HashMap<Uuid, u64>,
}

impl Writer {
    fn new(random: StdRng, nodes: [SocketAddr; NODES], items: [Uuid; ITEMS]) -> Self {
        Self { random, nodes, items, seen: HashMap::new() }
    }

    fn write(mut self, until: Instant) -> Vec<(Call, Sent)> {
        let mut all = Vec::new();
        // With a minimum of calls, writers collide even on a slow machine.
        while Instant::now() < until || all.len() < CALLS {
            let call = self.next();
            let sent = self.insist(&call);
            self.look(&call, &sent.told);
            all.push((call, sent));
        }
        all
    }

    fn next(&mut self) -> Call {
        let random = &mut self.random;
        let item = *self.items.choose(random).unwrap();
        let quantity = random.random_range(1..20);
        let check_in = |item| command(item, "CheckInItems", json!({ "quantity": quantity }));
        let remove =
            |item| command(item, "RemoveItems", json!({ "quantity": quantity, "reason": "sold" }));
        let command = match random.random_range(0..10) {
            0..4 => check_in(item),
            4..6 => remove(item),
            6 => {
                let name = format!("Bolt {}", random.random::<u32>());
                command(item, "RenameInventoryItem", json!({ "name": name }))
            }
            7 => {
                let counted = random.random_range(0..100);
                let data = json!({ "counted": counted, "reason": "counted" });
                command(item, "AdjustStock", data)
            }
            _ => {
                let other = *self.items.choose(random).unwrap();
                if item != other {
                    return Call::Together(vec![remove(item), check_in(other)]);
                }
                check_in(item)
            }
        };
        Call::Alone(match self.seen.get(&item) {
            Some(version) if random.random() => expecting(*version, command),
            _ => command,
        })
    }

    /// Sends the call to one node, or to two at once, until its outcome is known.
    fn insist(&mut self, call: &Call) -> Sent {
        let mut doubtful = false;
        for _ in 0..INSISTENCE {
            let copies = if self.random.random_ratio(1, 4) { 2 } else { 1 };
            let nodes: Vec<_> = self.nodes.choose_multiple(&mut self.random, copies).collect();
            let told: Vec<Told> = thread::scope(|scope| {
                let sending: Vec<_> =
                    nodes.iter().map(|node| scope.spawn(|| call.send(**node))).collect();
                sending.into_iter().map(|sent| sent.join().unwrap()).collect()
            });
            let repeat = told.iter().any(Told::is_repeat);
            doubtful |= told.iter().any(|told| matches!(told, Told::Nothing));
            if let Some(told) = agreed(&told) {
                return Sent { told, repeat };
            }
            if !doubtful {
                return Sent { told: told[0].clone(), repeat };
            }
        }
        Sent { told: Told::Nothing, repeat: false }
    }

    fn look(&mut self, call: &Call, told: &Told) {
        let item = |aggregate: &Value| aggregate["id"].as_str().unwrap().parse().unwrap();
        match told {
            Told::Accepted(answers) => self.seen.extend(
                answers.iter().map(|a| (item(&a["aggregate"]), a["version"].as_u64().unwrap())),
            ),
            Told::Refused { current: Some(current) } => {
                // A writer often keeps its stale version, to cause more conflicts.
                if self.random.random() {
                    self.seen.insert(item(&call.commands()[0]["aggregate"]), *current);
                }
            }
            Told::Refused { .. } | Told::Nothing => {}
        }
    }
}

/// The outcome of the accepted copies, if any. They must agree, and at most one may be the first.
fn agreed(told: &[Told]) -> Option<Told> {
    let accepted = |told: &Told| match told {
        Told::Accepted(answers) => Some(answers.clone()),
        _ => None,
    };
    let all: Vec<Vec<Value>> = told.iter().filter_map(accepted).collect();
    let first = all.first()?;
    for other in &all[1..] {
        for (one, other) in first.iter().zip(other) {
            let outcome = |answer: &Value| (answer["version"].clone(), answer["hash"].clone());
            assert_eq!(outcome(one), outcome(other), "one command, two outcomes");
            assert!(one["duplicate"] == true || other["duplicate"] == true, "{one} was done twice");
        }
    }
    Some(Told::Accepted(first.clone()))
}
