//! The conformance suite over HTTP, on somebody else's DynamoDB.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[expect(dead_code, reason = "ministack counts what is written, but not what is read")]
mod costs;
mod histories;

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use event_store::dynamodb::for_endpoint;
use event_store::testing::conformance::{self, OnDynamoDb};

/// A ministack of this test's own, gone with it.
struct Ministack {
    process: Child,
    directory: tempfile::TempDir,
    port: u16,
}

impl Ministack {
    fn start() -> Self {
        let program = std::env::var_os("DAYBOOK_MINISTACK").map_or_else(
            || {
                let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
                here.join("../../.tools/ministack/bin/ministack")
            },
            PathBuf::from,
        );
        assert!(program.exists(), "{} is missing: `make test` installs it", program.display());
        let directory = tempfile::tempdir().unwrap();
        // Bound and let go again, as it cannot be told to choose one itself. Should somebody else get it
        // in between, it ends and says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let process = Command::new(program)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("TMPDIR", directory.path())
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .expect("ministack starts");
        Self { process, directory, port }
    }

    async fn client(&mut self) -> Client {
        const TRIES: u32 = 600;
        // As long as it takes: on a busy machine a late answer is no lost one, and costs are counted.
        let patience =
            TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(60)).build();
        let config = for_endpoint(format!("http://127.0.0.1:{}", self.port));
        let config = config.to_builder().timeout_config(patience).build();
        let client = Client::from_conf(config);
        for _ in 0..TRIES {
            if client.list_tables().send().await.is_ok() {
                return client;
            }
            if self.process.try_wait().unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = std::fs::read_to_string(self.directory.path().join("log"));
        panic!("ministack is not ready: {}", log.unwrap_or_default());
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One test, so that one process serves all of it and ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_on_ministack_passes_at_its_costs() {
    let mut ministack = Ministack::start();
    let client = ministack.client().await;
    costs::of_commands(&client).await;
    costs::of_a_busy_aggregate(&client).await;
    costs::of_a_conflict(&client).await;
    costs::of_a_transaction(&client).await;
    let stores = OnDynamoDb::new(client);
    for report in [conformance::run(&stores).await, conformance::run_feed(&stores).await] {
        assert!(report.passed(), "{report}");
    }
}
