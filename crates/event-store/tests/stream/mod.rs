//! An HTTP client that emulates DynamoDB Streams in memory, as far as a tail needs it.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use event_store::dynamodb::streams::{Client, for_endpoint};
use event_store::dynamodb::{self, DynamoDbStore};
use serde_json::{Value, json};

/// The most records on a page.
const PAGE: usize = 3;
const ARN: &str = "arn:aws:dynamodb:local:0:table/feed/stream/1";

#[derive(Clone, Debug, Default)]
pub(crate) struct Stream(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) shards: Vec<Shard>,
    /// Operations whose next request fails, each with its error code.
    pub(crate) failures: Vec<(&'static str, &'static str)>,
    /// The operation and the shard of each request.
    pub(crate) requests: Vec<(String, usize)>,
}

#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) parent: Option<usize>,
    /// Keys: `pk` and `sk`.
    pub(crate) records: Vec<(String, String)>,
    /// The number of oldest records that are trimmed.
    pub(crate) trimmed: usize,
    pub(crate) is_closed: bool,
}

impl Stream {
    pub(crate) fn client(&self) -> Client {
        let config = for_endpoint("http://localhost").to_builder();
        let config = config.http_client(self.clone()).retry_config(RetryConfig::disabled());
        Client::from_conf(config.build())
    }

    /// A store whose table has this stream. The table can only be described.
    pub(crate) fn store(&self) -> DynamoDbStore {
        let config = dynamodb::for_endpoint("http://localhost").to_builder();
        let config = config.http_client(self.clone()).retry_config(RetryConfig::disabled());
        DynamoDbStore::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "feed")
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn answer(&self, operation: &str, asked: &Value) -> Result<Value, &'static str> {
        let mut state = self.state();
        let iterator = asked["ShardIterator"].as_str().unwrap_or_default();
        let (shard, from) = iterator.split_once('/').unwrap_or((iterator, "0"));
        let shard = asked["ShardId"].as_str().unwrap_or(shard).parse().unwrap_or(0);
        state.requests.push((operation.to_owned(), shard));
        if let Some(place) = state.failures.iter().position(|(name, _)| *name == operation) {
            return Err(state.failures.remove(place).1);
        }
        let there = |number: &Value| number.as_str().unwrap().parse::<usize>().unwrap();
        match operation {
            "DescribeTable" => Ok(json!({ "Table": { "LatestStreamArn": ARN } })),
            // One shard a page.
            "DescribeStream" => {
                let last = &asked["ExclusiveStartShardId"];
                let next = if last.is_null() { 0 } else { there(last) + 1 };
                let shards: Vec<_> = (state.shards.iter().enumerate().skip(next).take(1))
                    .map(|(id, shard)| {
                        let parent = shard.parent.map(|parent| parent.to_string());
                        json!({ "ShardId": id.to_string(), "ParentShardId": parent })
                    })
                    .collect();
                let last = (next + 1 < state.shards.len()).then(|| next.to_string());
                Ok(json!({ "StreamDescription": {
                    "StreamArn": ARN, "StreamStatus": "ENABLED", "Shards": shards,
                    "LastEvaluatedShardId": last,
                }}))
            }
            "GetShardIterator" => {
                let of = state.shards.get(shard).ok_or("ResourceNotFoundException")?;
                let from = match &asked["SequenceNumber"] {
                    Value::Null => of.trimmed,
                    newest => there(newest) + 1,
                };
                Ok(json!({ "ShardIterator": format!("{shard}/{from}") }))
            }
            "GetRecords" => {
                let of = state.shards.get(shard).ok_or("ResourceNotFoundException")?;
                let from = from.parse::<usize>().unwrap();
                if from < of.trimmed {
                    return Err("TrimmedDataAccessException");
                }
                let page = of.records.iter().enumerate().skip(from).take(PAGE);
                let records: Vec<_> = page
                    .map(|(number, (pk, sk))| {
                        let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
                        json!({ "dynamodb": { "Keys": keys, "SequenceNumber": number.to_string() } })
                    })
                    .collect();
                let next = from + records.len();
                let goes_on = !(of.is_closed && next == of.records.len());
                let next = goes_on.then(|| format!("{shard}/{next}"));
                Ok(json!({ "Records": records, "NextShardIterator": next }))
            }
            other => unreachable!("{other} is not expected"),
        }
    }
}

impl HttpClient for Stream {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Stream {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let asked = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let (status, body) = match self.answer(operation, &asked) {
            Ok(answer) => (200, answer),
            Err(code) => (400, json!({ "__type": code, "message": "not now" })),
        };
        let body = SdkBody::from(body.to_string());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body)))
    }
}
