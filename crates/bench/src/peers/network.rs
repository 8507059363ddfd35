//! The network in front of the engine, the same for every contender: an HTTP client that counts
//! requests, asks for the units billed and adds them up, lets a rival in, and loses answers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::Error;

/// The cost of some requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bill {
    pub(super) requests: f64,
    pub(super) read_units: f64,
    pub(super) write_units: f64,
}

impl Bill {
    /// The mean over this many commands.
    pub(super) fn over(self, count: u32) -> Self {
        let count = f64::from(count);
        Self {
            requests: self.requests / count,
            read_units: self.read_units / count,
            write_units: self.write_units / count,
        }
    }
}

#[derive(Clone)]
pub(super) struct Network {
    sound: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    bill: Bill,
    /// Runs before the next write is let through.
    rival: Option<BoxFuture<'static, ()>>,
    loss: Loss,
}

/// The answers that do not arrive. Their requests are carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Loss {
    #[default]
    None,
    /// The answer to the next write.
    NextWrite,
    /// The answer to the next write, and all later answers.
    FromNextWrite,
    All,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    /// Returns a client like `client` that sends through this network.
    pub(super) fn before(client: &Client) -> Result<(Client, Self), Error> {
        let sound = client.config().http_client();
        let sound = sound.ok_or_else(|| Error::Engine("it has no HTTP client".into()))?;
        let network = Self { sound, state: Arc::default() };
        let config = client.config().to_builder().http_client(network.clone());
        Ok((Client::from_conf(config.build()), network))
    }

    /// Takes the bill since the last call.
    pub(super) fn settle(&self) -> Bill {
        std::mem::take(&mut self.state().bill)
    }

    pub(super) fn before_next_write(&self, rival: BoxFuture<'static, ()>) {
        self.state().rival = Some(rival);
    }

    pub(super) fn lose(&self, loss: Loss) {
        self.state().loss = loss;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides if the answer to this request is lost.
    fn loses(&self, is_write: bool) -> bool {
        let mut state = self.state();
        let (lost, next) = match state.loss {
            Loss::NextWrite if is_write => (true, Loss::None),
            Loss::FromNextWrite if is_write => (true, Loss::All),
            Loss::All => (true, Loss::All),
            unchanged => (false, unchanged),
        };
        state.loss = next;
        lost
    }

    fn count(&self, is_write: bool, answer: &HttpResponse) {
        let mut state = self.state();
        state.bill.requests += 1.0;
        let body = answer.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        // A request on several tables is answered with a list.
        let tables = match &body["ConsumedCapacity"] {
            Value::Array(tables) => tables.as_slice(),
            table => std::slice::from_ref(table),
        };
        for table in tables {
            let units = table["CapacityUnits"].as_f64().unwrap_or(0.0);
            // A transaction that is repeated with its token is billed as a read.
            let is_read = table["ReadCapacityUnits"].as_f64().is_some_and(|units| units > 0.0);
            if is_write && !is_read {
                state.bill.write_units += units;
            } else {
                state.bill.read_units += units;
            }
        }
    }
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let sound = self.sound.http_connector(settings, components);
        SharedHttpConnector::new(Connector { sound, network: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    sound: SharedHttpConnector,
    network: Network,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (sound, network) = (self.sound.clone(), self.network.clone());
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let is_write = target.ends_with("Item") && !target.ends_with("GetItem")
                || target.ends_with("TransactWriteItems");
            if is_write {
                let rival = network.state().rival.take();
                if let Some(rival) = rival {
                    rival.await;
                }
            }
            ask_for_units(&mut request)?;
            let answer = sound.call(request).await?;
            network.count(is_write, &answer);
            if network.loses(is_write) {
                return Err(ConnectorError::io("the connection broke".into()));
            }
            Ok(answer)
        })
    }
}

fn ask_for_units(request: &mut HttpRequest) -> Result<(), ConnectorError> {
    let failed = |error: serde_json::Error| ConnectorError::other(error.into(), None);
    let body = request.body().bytes().unwrap_or_default();
    let mut body: Value = serde_json::from_slice(body).map_err(failed)?;
    body["ReturnConsumedCapacity"] = "TOTAL".into();
    *request.body_mut() = SdkBody::from(body.to_string());
    Ok(())
}
