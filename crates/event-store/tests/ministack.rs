//! The conformance suite over HTTP, on another project's DynamoDB and S3.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Region;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::StreamViewType;
use event_store::Store;
use event_store::dynamodb::streams::{self, Tail};
use event_store::dynamodb::{DynamoDbStore, for_endpoint};
use event_store::feed::{Feed, Pace};
use event_store::objects::{self, ObjectError, ObjectKey, Objects, S3Objects};
use event_store::testing::conformance::{self, OnDynamoDb};

use crate::costs;
use crate::histories;
use crate::object_contract;
use crate::order;

/// A ministack of this test's own, which ends with it.
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
        // Bound and released, because ministack cannot choose a port itself. If another process
        // takes the port in between, ministack exits and logs why.
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
        // A long timeout: on a busy machine a late answer is not lost, and a retry would change the
        // counted costs.
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

impl Ministack {
    /// A client of its S3, on the same port.
    fn s3(&self) -> aws_sdk_s3::Client {
        let config = objects::for_endpoint(format!("http://127.0.0.1:{}", self.port)).to_builder();
        let patience =
            TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(60)).build();
        aws_sdk_s3::Client::from_conf(
            config.region(Region::from_static("us-east-1")).timeout_config(patience).build(),
        )
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        // The process may have exited by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Checks a bucket with more objects than S3 lists on a page, beside another table's.
async fn of_a_bucket(s3: &aws_sdk_s3::Client) {
    let objects = S3Objects::new(s3.clone(), "daybook", "contract");
    match objects.check().await {
        Err(ObjectError::Refused(reason)) => {
            assert!(reason.contains("there is no bucket `daybook`"), "{reason}");
        }
        other => panic!("the bucket does not exist yet: {other:?}"),
    }
    let put = objects.put(ObjectKey::of(b"abc"), b"abc".to_vec()).await;
    assert!(matches!(put, Err(ObjectError::Refused(_))), "{put:?}");
    s3.create_bucket().bucket("daybook").send().await.unwrap();
    objects.check().await.unwrap();

    let key = ObjectKey::of(b"abc");
    S3Objects::new(s3.clone(), "daybook", "another").put(key, b"abc".to_vec()).await.unwrap();
    s3.put_object().bucket("daybook").key("contract/README").send().await.unwrap();
    object_contract::is_kept(&objects, 1_100).await;
    // S3 compares the bytes with their SHA-256.
    let altered = objects.put(key, b"abd".to_vec()).await;
    assert!(altered.is_err(), "S3 did not compare the bytes with their SHA-256");
}

/// One test, so that one process serves all checks and ends with them.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_on_ministack_passes_at_the_expected_costs() {
    let mut ministack = Ministack::start();
    let client = ministack.client().await;
    let on = costs::On::client(client.clone());
    costs::of_commands(&on).await;
    costs::of_a_beginning(&on).await;
    costs::of_a_busy_aggregate(&on).await;
    costs::of_a_conflict(&on).await;
    costs::of_a_transaction(&on).await;
    let streams = streams::for_endpoint(format!("http://127.0.0.1:{}", ministack.port));
    the_stream_tells_what_a_killed_writer_left(&client, streams).await;
    let s3 = ministack.s3();
    of_a_bucket(&s3).await;
    costs::of_a_large_body(&on, Arc::new(S3Objects::new(s3.clone(), "daybook", "costs"))).await;
    let objects = move |table: &str| -> Arc<dyn Objects> {
        Arc::new(S3Objects::new(s3.clone(), "daybook", table))
    };
    let stores = OnDynamoDb::new(client).with_objects(objects);
    for report in [conformance::run(&stores).await, conformance::run_feed(&stores).await] {
        assert!(report.passed(), "{report}");
    }
}

/// One process appends and is killed before it tells a feed. Two nodes find its change sets in the
/// stream, and so does a third that starts later.
async fn the_stream_tells_what_a_killed_writer_left(client: &Client, streams: streams::Config) {
    let streams = streams::Client::from_conf(streams);
    let plain = DynamoDbStore::new(client.clone(), "plain");
    plain.ensure_table().await.unwrap();
    assert!(!plain.has_stream().await.unwrap());

    let store = DynamoDbStore::new(client.clone(), "streamed");
    store.ensure_table_with_stream().await.unwrap();
    store.ensure_table_with_stream().await.unwrap();
    assert!(store.has_stream().await.unwrap());
    let table = client.describe_table().table_name("streamed").send().await.unwrap().table.unwrap();
    let stream = table.stream_specification.unwrap().stream_view_type;
    assert_eq!(stream, Some(StreamViewType::KeysOnly));

    let node = || {
        let feed = Feed::start(store.clone(), Pace::SHARED);
        let tail = Tail::start(&feed, &store, streams.clone());
        (feed, tail)
    };
    let nodes = [node(), node()];
    let mut last = None;
    for version in 1..=250 {
        let next = histories::noting(&histories::tally(1), last.as_ref(), "so it is");
        store.append(&next).await.unwrap();
        // A feed is told of some change sets.
        if version % 100 == 0 {
            nodes[0].0.commit(&next);
        }
        last = Some(next);
    }
    for (feed, _) in nodes.iter().chain([&node()]) {
        let mut heads = feed.heads();
        let whole = heads.wait_for(|head| head.is_some_and(|head| head.position == 250));
        tokio::time::timeout(Duration::from_secs(60), whole).await.unwrap().unwrap();
    }
    order::assert_complete(&store).await;
}
