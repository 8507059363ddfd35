//! An HTTP client that injects faults in front of another one.
//!
//! An eventually consistent read may get a stale answer ([`Fault::Behind`], [`Fault::Hole`]); a
//! consistent read never does. The store makes only one such read, the query back from a
//! partition's end. Any other is refused, whatever the fault: no store may rely on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The fault that one request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Carried out, but the connection breaks.
    AnswerLost,
    /// Carried out, but the answer is not valid JSON.
    AnswerGarbled,
    /// Carried out, but the answer is an internal error.
    ErrorAfterwards,
    /// A failed condition is answered without the existing item. Successful answers pass unchanged.
    WithoutItem,
    /// Not carried out: the connection breaks.
    RequestLost,
    /// Not carried out: an internal error.
    ErrorInstead,
    Throttled,
    /// Not carried out: a transaction is cancelled with this code, for its second item.
    Cancelled(&'static str),
    Denied,
    /// An eventually consistent query misses this many of the newest items.
    Behind(usize),
    /// An eventually consistent query misses the item before the newest.
    Hole,
    /// Neither carried out nor answered.
    Hangs,
    /// Carried out, and never answered.
    HangsAfterwards,
}

impl Fault {
    const fn hangs(self) -> bool {
        matches!(self, Self::Hangs | Self::HangsAfterwards)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    sound: SharedHttpClient,
    source: Arc<Mutex<Source>>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// The source of the next fault.
#[derive(Debug)]
enum Source {
    Ahead(VecDeque<Fault>),
    /// Each fault, with the number of requests in a thousand that meet it.
    Chance {
        random: Box<StdRng>,
        faults: Vec<(u32, Fault)>,
    },
}

impl Source {
    fn next(&mut self) -> Fault {
        match self {
            Self::Ahead(faults) => faults.pop_front().unwrap_or(Fault::None),
            Self::Chance { random, faults } => {
                let mut drawn = random.random_range(0..1000);
                for (thousandths, fault) in faults {
                    if drawn < *thousandths {
                        return *fault;
                    }
                    drawn -= *thousandths;
                }
                Fault::None
            }
        }
    }
}

impl Faulty {
    /// Returns a client like `client` whose next requests meet these faults in order. It never
    /// retries by itself. Its timeout is 60 s, or 1 s if one of the faults hangs.
    pub(crate) fn before(
        client: &Client,
        faults: impl IntoIterator<Item = Fault>,
    ) -> (Client, Self) {
        let faults: VecDeque<_> = faults.into_iter().collect();
        let hangs = faults.iter().any(|fault| fault.hangs());
        let patience = Duration::from_secs(if hangs { 1 } else { 60 });
        Self::of(client, Source::Ahead(faults), patience)
    }

    /// Returns a client like `client` whose requests meet faults at random, each so many in a
    /// thousand. Its timeout is 60 s, or 200 ms if one of the faults hangs.
    pub(crate) fn at_random(client: &Client, seed: u64, faults: &[(u32, Fault)]) -> (Client, Self) {
        let random = Box::new(StdRng::seed_from_u64(seed));
        let hangs = faults.iter().any(|(_, fault)| fault.hangs());
        let patience = Duration::from_millis(if hangs { 200 } else { 60_000 });
        Self::of(client, Source::Chance { random, faults: faults.to_vec() }, patience)
    }

    fn of(client: &Client, source: Source, patience: Duration) -> (Client, Self) {
        let faulty = Self {
            sound: client.config().http_client().unwrap(),
            source: Arc::new(Mutex::new(source)),
            requests: Arc::default(),
        };
        let patience = TimeoutConfig::builder().operation_attempt_timeout(patience);
        let config = client
            .config()
            .to_builder()
            .http_client(faulty.clone())
            .timeout_config(patience.build())
            .retry_config(RetryConfig::disabled());
        (Client::from_conf(config.build()), faulty)
    }

    /// The operations requested so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl HttpClient for Faulty {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let sound = self.sound.http_connector(settings, components);
        SharedHttpConnector::new(Connector { sound, faulty: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    sound: SharedHttpConnector,
    faulty: Faulty,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let fault = self.faulty.source.lock().unwrap().next();
        let eventual = is_eventual(&operation, &request);
        let unreliable = eventual && operation != "Query";
        self.faulty.requests.lock().unwrap().push(operation);
        let sound = self.sound.clone();
        HttpConnectorFuture::new(async move {
            if unreliable {
                return error(
                    400,
                    "ValidationException",
                    "an eventually consistent read may be stale",
                );
            }
            match fault {
                Fault::Behind(items) if eventual => without(0..items, &sound.call(request).await?),
                Fault::Hole if eventual => without(1..2, &sound.call(request).await?),
                Fault::None | Fault::Behind(_) | Fault::Hole => sound.call(request).await,
                Fault::AnswerLost => sound.call(request).await.and_then(|_| Err(broken())),
                Fault::AnswerGarbled => {
                    sound.call(request).await.and_then(|_| answer(200, "{\"Attributes\":"))
                }
                Fault::ErrorAfterwards => sound.call(request).await.and_then(|_| internal_error()),
                Fault::WithoutItem => {
                    let response = sound.call(request).await?;
                    if response.status().is_success() {
                        return Ok(response);
                    }
                    let body = response.body().bytes().unwrap_or_default();
                    let mut body: serde_json::Value = serde_json::from_slice(body).unwrap();
                    body.as_object_mut().unwrap().remove("Item");
                    answer(response.status().as_u16(), &body.to_string())
                }
                Fault::RequestLost => Err(broken()),
                Fault::ErrorInstead => internal_error(),
                Fault::Throttled => error(400, "ProvisionedThroughputExceededException", "slower"),
                Fault::Cancelled(code) => cancelled(code),
                Fault::Denied => error(400, "AccessDeniedException", "you may not"),
                Fault::Hangs => std::future::pending().await,
                Fault::HangsAfterwards => {
                    sound.call(request).await?;
                    std::future::pending().await
                }
            }
        })
    }
}

/// Returns true for a read whose answer may be stale.
fn is_eventual(operation: &str, request: &HttpRequest) -> bool {
    let body = request.body().bytes().unwrap_or_default();
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let consistent = |wanted: &serde_json::Value| wanted["ConsistentRead"] == true;
    match operation {
        "GetItem" | "Query" | "Scan" => !consistent(&body),
        "BatchGetItem" => {
            body["RequestItems"].as_object().is_some_and(|tables| !tables.values().all(consistent))
        }
        _ => false,
    }
}

/// The answer to a query without the items in `gone`.
fn without(
    gone: std::ops::Range<usize>,
    response: &HttpResponse,
) -> Result<HttpResponse, ConnectorError> {
    let body = response.body().bytes().unwrap_or_default();
    let mut body: serde_json::Value = serde_json::from_slice(body).unwrap();
    if let Some(items) = body["Items"].as_array_mut() {
        let end = gone.end.min(items.len());
        items.drain(gone.start.min(end)..end);
    }
    answer(response.status().as_u16(), &body.to_string())
}

fn broken() -> ConnectorError {
    ConnectorError::io("the connection broke".into())
}

fn internal_error() -> Result<HttpResponse, ConnectorError> {
    error(500, "InternalServerError", "something went wrong")
}

fn error(status: u16, code: &str, message: &str) -> Result<HttpResponse, ConnectorError> {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    answer(status, &serde_json::json!({ "__type": code, "message": message }).to_string())
}

/// DynamoDB's answer to a transaction cancelled for its second item.
fn cancelled(code: &str) -> Result<HttpResponse, ConnectorError> {
    let body = serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled [None, {code}]"),
        "CancellationReasons": [{ "Code": "None" }, { "Code": code, "Message": "later" }],
    });
    answer(400, &body.to_string())
}

fn answer(status: u16, body: &str) -> Result<HttpResponse, ConnectorError> {
    Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body)))
}
