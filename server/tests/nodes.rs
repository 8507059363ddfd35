//! Several servers on one store, coordinated by nothing but the store.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use domain::Sku;
use event_store::Timestamp;
use event_store::dynamodb::for_endpoint;
use event_store::embedded::Embedded;
use futures::future::join;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::desk::{Answer, TestDesk, command, new_id, path};

async fn two_nodes(client: &Client) -> [TestDesk; 2] {
    [TestDesk::node(client.clone(), true).await, TestDesk::node(client.clone(), true).await]
}

fn create(sku: &str, name: &str) -> Value {
    let data = json!({ "sku": sku, "name": name, "unit": "pcs" });
    command(new_id(), "CreateInventoryItem", data)
}

fn item(command: &Value) -> String {
    path(command["aggregate"]["id"].as_str().unwrap().parse().unwrap())
}

async fn at_once(nodes: &[TestDesk; 2], commands: [&Value; 2]) -> [Answer; 2] {
    join(nodes[0].command(commands[0]), nodes[1].command(commands[1])).await.into()
}

/// Lets two nodes create items with the same SKU at the same instant. In each round, exactly one
/// succeeds.
async fn race_for_a_sku(client: &Client, rounds: u32) {
    let nodes = two_nodes(client).await;
    for round in 0..rounds {
        let skus = [format!("RACE-{round}"), format!(" race-{round}")];
        let commands = [create(&skus[0], "One"), create(&skus[1], "Other")];
        let answers = at_once(&nodes, [&commands[0], &commands[1]]).await;
        let winner = usize::from(answers[0].status != 201);
        let (winning, losing) = (&commands[winner], &commands[1 - winner]);
        assert_eq!(answers[winner].status, 201, "round {round}: {answers:?}");
        let problem = answers[1 - winner].problem(422, "rejected");
        let held = json!({
            "code": "sku-taken",
            "sku": skus[winner].trim(),
            "item": winning["aggregate"]["id"],
            "name": winning["command"]["data"]["name"],
        });
        assert_eq!(problem["rejection"], held, "round {round}");
        for node in &nodes {
            node.get(&item(losing)).await.problem(404, "unknown-aggregate");
            assert_eq!(node.get(&item(winning)).await.ok()["version"], 1, "round {round}");
            let claim = format!("/api/v1/aggregates/sku/{}", Sku::id(&skus[0]));
            let claim = node.get(&format!("{claim}/change-sets")).await.ok();
            let claims = claim["change_sets"].as_array().unwrap();
            assert_eq!(claims.len(), 1, "round {round}");
            assert_eq!(claims[0]["command_id"], winning["command_id"], "round {round}");
        }
    }
}

/// Sends the same command to two nodes at the same instant. In each round, it creates one item.
async fn race_with_oneself(client: &Client, rounds: u32) {
    let nodes = two_nodes(client).await;
    for round in 0..rounds {
        let command = create(&format!("TWICE-{round}"), "One");
        let request = || serde_json::from_value(command.clone()).unwrap();
        // The nodes' clocks differ, so their change sets would differ, too.
        let taken = |node: usize| {
            let now = Timestamp::from_millis(1_700_000_000_000 + i64::try_from(node).unwrap());
            nodes[node].front.take_up(request(), "Tess", now)
        };
        let (one, other) = join(taken(0), taken(1)).await;
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!((one.version, one.hash), (other.version, other.hash), "round {round}");
        assert_ne!(one.duplicate, other.duplicate, "round {round}");
        assert_eq!(nodes[0].get(&item(&command)).await.ok()["version"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_nodes_that_create_the_same_sku_at_once_succeeds() {
    let engine = Embedded::in_memory().unwrap();
    race_for_a_sku(&engine.client(), 200).await;
    race_with_oneself(&engine.client(), 50).await;
}

/// A node's knowledge of another node's items may be stale, so it reads the store before it
/// refuses.
#[tokio::test]
async fn a_node_never_refuses_because_of_stale_knowledge() {
    let engine = Embedded::in_memory().unwrap();
    let nodes = two_nodes(&engine.client()).await;
    let (held, late) = (create("M8-40", "Bolt"), create("M8-40", "Nut"));
    assert_eq!(nodes[0].command(&held).await.status, 201);
    let refused = nodes[0].command(&late).await.problem(422, "rejected");
    let id = held["aggregate"]["id"].as_str().unwrap().parse().unwrap();
    let rename = command(id, "RenameInventoryItem", json!({ "name": "Screw" }));
    nodes[1].command(&rename).await.ok();
    let refused_later = nodes[0].command(&late).await.problem(422, "rejected");
    assert_eq!(
        [&refused, &refused_later].map(|problem| problem["rejection"]["name"].clone()),
        ["Bolt", "Screw"]
    );
    // The node that never saw the command returns its first outcome, too.
    assert_eq!(nodes[1].command(&held).await.status, 200);
}

/// A ministack for one test, killed when dropped.
pub(crate) struct Ministack {
    process: Child,
    port: u16,
    _directory: TempDir,
}

impl Ministack {
    /// Starts the program that `DAYBOOK_MINISTACK` names, if it is set.
    pub(crate) fn start() -> Option<Self> {
        let program = std::env::var_os("DAYBOOK_MINISTACK")?;
        let directory = tempfile::tempdir().unwrap();
        // Bind a free port and release it, because ministack cannot choose one itself.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("TMPDIR", directory.path())
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { process, port, _directory: directory })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns a client once ministack answers.
    pub(crate) async fn client(&mut self) -> Client {
        let client = Client::from_conf(for_endpoint(self.url()));
        for _ in 0..600 {
            if client.list_tables().send().await.is_ok() {
                return client;
            }
            assert!(self.process.try_wait().unwrap().is_none(), "ministack has exited");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("ministack is not ready");
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        // Fails if the process has exited by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The same races on another implementation of DynamoDB, where one is installed.
#[tokio::test(flavor = "multi_thread")]
async fn on_ministack_one_of_two_nodes_that_create_the_same_sku_at_once_succeeds() {
    let Some(mut ministack) = Ministack::start() else { return };
    let client = ministack.client().await;
    race_for_a_sku(&client, 200).await;
    race_with_oneself(&client, 50).await;
}
