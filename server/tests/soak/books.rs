//! Everything that a server has, read over HTTP: its feed and each history.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::desk::ITEM;
use crate::process::{Daybook, Reply};

/// The number of polls, 100 ms apart, in which a process on a shared table must learn of a change.
pub(super) const SHARED: usize = 600;

/// An aggregate as written in paths: `inventory-item/0190…`.
pub(super) type Name = String;

/// The content of the feed, by aggregate, and how much of it was compared with the histories.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Books {
    /// The aggregate and the hash at each position.
    order: Vec<(Name, String)>,
    histories: BTreeMap<Name, Vec<Value>>,
    found: HashMap<(Name, String), (u64, String)>,
    compared: BTreeMap<Name, usize>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}

pub(super) fn name_of(aggregate: &Value) -> Name {
    format!("{}/{}", text(&aggregate["kind"]), text(&aggregate["id"]))
}

/// Retries while the feed is unavailable, which it may be after a start and on a slow store.
fn get(server: &Daybook, path: &str) -> Reply {
    for _ in 0..SHARED {
        let reply = server.get(path);
        if reply.status != 503 {
            return reply;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{path} stays unavailable: {:?}", server.get(path));
}

impl Books {
    /// Reads everything, from the start of the feed.
    pub(super) fn read(server: &Daybook, tries: usize, items: &BTreeSet<Name>) -> Self {
        let mut books = Self::default();
        books.read_on(server, tries, items);
        books
    }

    /// Reads the new entries of the feed, in up to `tries` polls, until it has every change set of
    /// these items and of all the aggregates that it names.
    pub(super) fn read_on(&mut self, server: &Daybook, tries: usize, items: &BTreeSet<Name>) {
        let mut missing = Vec::new();
        for round in 0..tries {
            if round > 0 {
                thread::sleep(Duration::from_millis(100));
            }
            self.follow(server);
            missing = self.missing(server, items);
            if missing.is_empty() {
                return;
            }
        }
        panic!("not in the feed: {missing:?}");
    }

    fn follow(&mut self, server: &Daybook) {
        loop {
            let path = format!("/api/v1/feed?after={}&limit=1000", self.order.len());
            let page = get(server, &path).json();
            let entries = page["entries"].as_array().unwrap_or_else(|| panic!("{page}"));
            if entries.is_empty() {
                return;
            }
            for entry in entries {
                assert_eq!(entry["position"], self.order.len() + 1, "the feed has a hole");
                self.enter(&entry["change_set"]);
            }
        }
    }

    fn enter(&mut self, change_set: &Value) {
        let name = name_of(&change_set["aggregate"]);
        let history = self.histories.entry(name.clone()).or_default();
        let version = history.len() as u64 + 1;
        assert_eq!(change_set["version"], version, "{name} is not in order");
        let prev = history.last().map_or_else(|| "0".repeat(64), |last| text(&last["hash"]));
        assert_eq!(change_set["prev"], prev, "{name} is not chained at version {version}");
        let (id, hash) = (text(&change_set["command_id"]), text(&change_set["hash"]));
        self.order.push((name.clone(), hash.clone()));
        let before = self.found.insert((name.clone(), id), (version, hash));
        assert_eq!(before, None, "{name}: the command of version {version} was applied twice");
        history.push(change_set.clone());
    }

    /// The change sets that are in a history but not in the feed.
    fn missing(&mut self, server: &Daybook, items: &BTreeSet<Name>) -> Vec<(Name, Value)> {
        let names: BTreeSet<_> = self.histories.keys().chain(items).cloned().collect();
        let mut missing = Vec::new();
        for name in names {
            let compared = self.compared.get(&name).copied().unwrap_or_default();
            let told = history(server, &name, compared);
            let known = self.histories.get(&name).map_or(&[][..], |known| &known[compared..]);
            assert!(told.len() >= known.len(), "{name}: missing, but in the feed");
            assert_eq!(told[..known.len()], *known, "{name} differs between feed and history");
            let more = &told[known.len()..];
            missing.extend(more.iter().map(|more| (name.clone(), more["version"].clone())));
            self.compared.insert(name, compared + known.len());
        }
        missing
    }

    /// The version and the hash that this command produced.
    pub(super) fn found(&self, command: &Value) -> Option<&(u64, String)> {
        self.found.get(&(name_of(&command["aggregate"]), text(&command["command_id"])))
    }

    /// The ids of all commands.
    pub(super) fn command_ids(&self) -> impl Iterator<Item = &str> {
        self.found.keys().map(|(_, id)| &**id)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The version and the quantity on hand that the list must show for each item.
    pub(super) fn stock(&self) -> BTreeMap<Name, (u64, i64)> {
        let items = self.histories.iter().filter(|(name, _)| name.starts_with(ITEM));
        items.map(|(name, all)| (name.clone(), (all.len() as u64, on_hand(all)))).collect()
    }

    /// Asserts that the list of this server shows the stock within `tries` polls, and each item,
    /// too.
    pub(super) fn assert_shown(&self, server: &Daybook, tries: usize) {
        let expected = self.stock();
        let mut shown = BTreeMap::new();
        for round in 0..tries {
            if round > 0 {
                thread::sleep(Duration::from_millis(100));
            }
            shown = listed(server);
            if shown == expected {
                break;
            }
        }
        assert_eq!(shown, expected, "the list shows something else");
        for (name, (version, on_hand)) in expected {
            let page = get(server, &format!("/api/v1/aggregates/{name}")).json();
            let state = (page["version"].as_u64(), page["state"]["on_hand"].as_i64());
            assert_eq!(state, (Some(version), Some(on_hand)), "{name}");
        }
    }
}

fn history(server: &Daybook, name: &str, after: usize) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), Some(after as u64));
    while let Some(version) = after {
        let path = format!("/api/v1/aggregates/{name}/change-sets?after={version}&limit=1000");
        let reply = get(server, &path);
        if reply.status == 404 {
            return all;
        }
        let mut page = reply.json();
        let Value::Array(more) = page["change_sets"].take() else { panic!("{reply:?}") };
        all.extend(more);
        after = page["next"].as_u64();
    }
    all
}

fn on_hand(history: &[Value]) -> i64 {
    let events = history.iter().flat_map(|change_set| change_set["events"].as_array().unwrap());
    let moved = events.map(|event| {
        let figure = |name: &str| event["data"][name].as_i64().unwrap();
        match event["type"].as_str().unwrap() {
            "ItemsCheckedIn" => figure("quantity"),
            "ItemsRemoved" => -figure("quantity"),
            "StockAdjusted" => figure("delta"),
            _ => 0,
        }
    });
    moved.sum()
}

fn listed(server: &Daybook) -> BTreeMap<Name, (u64, i64)> {
    let (mut rows, mut after) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/api/v1/aggregates/{ITEM}?limit=200{after}");
        let list = get(server, &path).json();
        for row in list["rows"].as_array().unwrap_or_else(|| panic!("{list}")) {
            let name = format!("{ITEM}/{}", text(&row["id"]));
            let figures = (row["version"].as_u64().unwrap(), row["on_hand"].as_i64().unwrap());
            assert_eq!(rows.insert(name, figures), None, "an item is listed twice");
        }
        let Some(next) = list["next"].as_str() else { return rows };
        after = format!("&after={next}");
    }
}
