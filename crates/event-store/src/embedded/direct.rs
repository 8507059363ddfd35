//! The direct path from the store to the engine, without the SDK. Building and parsing an HTTP
//! request that never leaves the process costs several times as much as the put itself.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue as SdkValue, CancellationReason};
use dynoxide::{AttributeValue, DynoxideError};

use super::disk;
use super::engine::{Closed, QUEUE_TIMEOUT, Queue};
use super::group::{Group, Refused};
use super::puts::{OnePut, PlainItem, Puts};

type Item = HashMap<String, SdkValue>;

/// A handle to the engine, for the store's puts.
#[derive(Clone, Debug)]
pub(crate) struct Direct(Queue);

/// The outcome of a put, or of several puts in one transaction.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The items are durable. The put consumed this many write units.
    Written { units: f64 },
    /// A condition failed. `reasons` has one entry per item; a single put has one.
    Taken { message: String, reasons: Vec<CancellationReason> },
    /// Nothing was written, as the disk is full.
    Full(String),
    /// The outcome is unknown: the items may or may not be written.
    Unknown(String),
    /// Nothing was written, because only the engine can handle the request. Send it through the
    /// SDK.
    NotPlain,
}

impl Direct {
    pub(super) fn new(queue: Queue) -> Self {
        Self(queue)
    }

    /// Puts the item: with `must_be_new`, only if its key is free; otherwise in place of any
    /// existing item.
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

    /// Puts all items or none, each under the condition that its key is free.
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

    /// Checks that the engine can write, if its last write failed.
    pub(crate) async fn check_writes(&self) -> Answer {
        let response = self.0.run(|group| group.check_writes().map(Some));
        answered(response, |()| 0.0).await
    }

    /// Notes that a write failed outside the engine, on the same disk.
    pub(crate) async fn note_failed_write(&self) {
        // A closed engine writes nothing more.
        let noted = |group: &mut Group<'_>| {
            group.note_failed_write(Refused::Full);
            Ok(())
        };
        let _ = self.0.run(noted).await;
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
        full if disk::is_full(&full) => Answer::Full(full.to_string()),
        // No other error is a refusal: a request that could be refused is left to the engine.
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
