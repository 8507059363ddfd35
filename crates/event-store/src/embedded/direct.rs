//! The way from the store to the engine that leaves the SDK out: building and parsing an HTTP request that never
//! leaves the process costs several times what the put itself does.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, CancellationReason};
use dynoxide::{AttributeValue, DynoxideError};

use super::engine::{Closed, QUEUE_TIMEOUT, Queue};
use super::puts::{OnePut, PlainItem, Puts};

type Item = HashMap<String, SdkValue>;

/// The engine, for puts of the store.
#[derive(Clone, Debug)]
pub(crate) struct Direct(Queue);

/// What became of a put, or of several together.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Written, for so many write units.
    Written { units: f64 },
    /// A condition did not hold: why, for each item. A put has one reason.
    Taken { message: String, reasons: Vec<CancellationReason> },
    /// Written or not: there is no telling.
    Unknown(String),
    /// Nothing was asked of the engine: it has to see the request itself.
    NotPlain,
}

impl Direct {
    pub(super) fn new(queue: Queue) -> Self {
        Self(queue)
    }

    /// Puts the item; under the condition that none stands there, or else over it.
    pub(crate) async fn put(&self, table: &str, item: &Item, must_be_new: bool) -> Answer {
        let put =
            PlainItem::of_sdk(item).and_then(|item| OnePut::of_item(table, &item, must_be_new));
        let Some(put) = put else { return Answer::NotPlain };
        let response = self.0.run(move |group| {
            if !group.takes(put.table())? {
                return Ok(None);
            }
            let (storage, tables) = group.write()?;
            tables.put(storage, &put).map(Some)
        });
        answered(response, |response| {
            response.consumed_capacity.map_or(0.0, |capacity| capacity.capacity_units)
        })
        .await
    }

    /// Puts all items, or none, under the condition that each is new.
    pub(crate) async fn put_all<'a>(
        &self,
        table: &str,
        items: impl Iterator<Item = &'a Item>,
    ) -> Answer {
        let Some(puts) = Puts::of_items(table, items) else { return Answer::NotPlain };
        let response = self.0.run(move |group| {
            if !group.takes(puts.table())? {
                return Ok(None);
            }
            let (storage, tables) = group.write()?;
            tables.put_all(storage, &puts).map(Some)
        });
        answered(response, |response| {
            let capacities = response.consumed_capacity.unwrap_or_default();
            capacities.iter().map(|capacity| capacity.capacity_units).sum()
        })
        .await
    }
}

async fn answered<T>(
    response: impl Future<Output = Result<dynoxide::Result<Option<T>>, Closed>>,
    units: impl FnOnce(T) -> f64,
) -> Answer {
    match tokio::time::timeout(QUEUE_TIMEOUT, response).await {
        Err(_) => Answer::Unknown(format!("no answer within {} s", QUEUE_TIMEOUT.as_secs())),
        Ok(Err(closed)) => Answer::Unknown(closed.to_string()),
        Ok(Ok(Ok(Some(response)))) => Answer::Written { units: units(response) },
        Ok(Ok(Ok(None))) => Answer::NotPlain,
        Ok(Ok(Err(error))) => failed(error),
    }
}

fn failed(error: DynoxideError) -> Answer {
    match error {
        DynoxideError::ConditionalCheckFailedException(message, item) => {
            let reason = reason("ConditionalCheckFailed", Some(message.clone()), item);
            Answer::Taken { message, reasons: vec![reason] }
        }
        DynoxideError::TransactionCanceledException(message, reasons) => {
            let reasons =
                reasons.into_iter().map(|of| reason(&of.code, of.message, of.item)).collect();
            Answer::Taken { message, reasons }
        }
        // Nothing else is refused: what could be has been left to the engine.
        other => Answer::Unknown(other.to_string()),
    }
}

fn reason(code: &str, message: Option<String>, item: Option<dynoxide::Item>) -> CancellationReason {
    let item = item.map(|item| {
        item.into_iter().map(|(name, value)| (name, sdk_value(value))).collect::<Item>()
    });
    CancellationReason::builder().code(code).set_message(message).set_item(item).build()
}

fn sdk_value(value: AttributeValue) -> SdkValue {
    match value {
        AttributeValue::S(text) => SdkValue::S(text),
        AttributeValue::N(number) => SdkValue::N(number),
        AttributeValue::B(bytes) => SdkValue::B(Blob::new(bytes)),
        AttributeValue::BOOL(value) => SdkValue::Bool(value),
        AttributeValue::NULL(value) => SdkValue::Null(value),
        AttributeValue::SS(texts) => SdkValue::Ss(texts),
        AttributeValue::NS(numbers) => SdkValue::Ns(numbers),
        AttributeValue::BS(all) => SdkValue::Bs(all.into_iter().map(Blob::new).collect()),
        AttributeValue::L(values) => SdkValue::L(values.into_iter().map(sdk_value).collect()),
        AttributeValue::M(values) => {
            SdkValue::M(values.into_iter().map(|(name, value)| (name, sdk_value(value))).collect())
        }
    }
}
