//! DynamoDB's JSON protocol. Requests are parsed and answers serialized on the caller's thread,
//! because the engine's thread is the bottleneck.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use dynoxide::actions::{
    batch_get_item, create_table, delete_item, describe_table, get_item, list_tables, put_item,
    query, scan, transact_write_items, update_item, vector_lifecycle::VectorIndexLifecycle,
};
use dynoxide::storage::Storage;
use dynoxide::{DynoxideError, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk;
use super::engine::{Closed, Queue};
use super::group::Group;
use super::puts::{self, OnePut, Puts};
use super::tokens::{self, Seen};

/// The answer to an HTTP request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Carries out one of the operations that the store, its tests and the benchmark use.
pub(super) async fn answer(
    queue: &Queue,
    operation: &str,
    body: &[u8],
) -> std::result::Result<Answer, Closed> {
    match operation {
        "PutItem" => put(queue, body).await,
        "TransactWriteItems" => transact(queue, body).await,
        "GetItem" => {
            run(queue, body, |group, r| ready(get_item::execute(group.storage(), r))).await
        }
        "BatchGetItem" => {
            run(queue, body, |group, r| ready(batch_get_item::execute(group.storage(), r))).await
        }
        "Query" => run(queue, body, |group, r| ready(query::execute(group.storage(), r))).await,
        "Scan" => run(queue, body, |group, r| ready(scan::execute(group.storage(), r))).await,
        "ListTables" => {
            run(queue, body, |group, r| ready(list_tables::execute(group.storage(), r))).await
        }
        "DescribeTable" => {
            let indexes = VectorIndexLifecycle::new();
            run(queue, body, move |group, r| {
                ready(describe_table::execute(group.storage(), r, &indexes))
            })
            .await
        }
        "UpdateItem" => {
            run(queue, body, |group, r| ready(update_item::execute(group.apart(), r))).await
        }
        "DeleteItem" => {
            run(queue, body, |group, r| ready(delete_item::execute(group.apart(), r))).await
        }
        "CreateTable" => run(queue, body, |group, r| create_whole_table(group.apart(), r)).await,
        _ => Ok(Answer { status: 400, body: unknown(operation) }),
    }
}

/// Creates a table in one transaction. The engine alone would commit the table's description before
/// the table.
fn create_whole_table(
    storage: &Storage,
    request: create_table::CreateTableRequest,
) -> Result<create_table::CreateTableResponse> {
    storage.begin_transaction()?;
    let created = ready(create_table::execute(storage, request))
        .and_then(|created| storage.commit().map(|()| created));
    created.inspect_err(|_| {
        // The rollback fails when SQLite has already rolled back.
        let _ = storage.rollback();
    })
}

async fn put(queue: &Queue, body: &[u8]) -> std::result::Result<Answer, Closed> {
    let request = match read::<put_item::PutItemRequest>(body) {
        Ok(request) => request,
        Err(error) => return Ok(written::<()>(Err(error))),
    };
    let ours = OnePut::of_request(&request);
    let response = queue.run(move |group| {
        if let Some(put) = ours
            && group.takes(&request.table_name)?
        {
            let (storage, tables) = group.write()?;
            return tables.put(storage, &put);
        }
        ready(put_item::execute(group.apart(), request))
    });
    Ok(written(response.await?))
}

async fn transact(queue: &Queue, body: &[u8]) -> std::result::Result<Answer, Closed> {
    let request = match read::<transact_write_items::TransactWriteItemsRequest>(body) {
        Ok(request) => request,
        Err(error) => return Ok(written::<()>(Err(error))),
    };
    let ours = Puts::of_request(&request);
    let token = request.client_request_token.clone();
    let token = token.map(|token| (token, tokens::request_hash(&request.transact_items)));
    let response = queue.run(move |group| carry_out(group, request, ours, token));
    Ok(written(response.await?))
}

fn carry_out(
    group: &mut Group<'_>,
    request: transact_write_items::TransactWriteItemsRequest,
    ours: Option<Puts>,
    token: Option<(String, tokens::RequestHash)>,
) -> Result<transact_write_items::TransactWriteItemsResponse> {
    let now = Instant::now();
    match token.as_ref().and_then(|(token, hash)| group.tokens().seen(token, hash, now)) {
        // An unknown mode is left to the engine, which refuses it.
        Some(Seen::Same) if puts::is_mode(&request.return_consumed_capacity) => {
            return Ok(puts::repeated(&request));
        }
        Some(Seen::Other) => return Err(mismatch()),
        Some(Seen::Same) | None => {}
    }
    let response = match ours {
        Some(puts) if group.takes(puts.table())? => {
            let (storage, tables) = group.write()?;
            tables.put_all(storage, &puts)?
        }
        _ => ready(transact_write_items::execute(group.apart(), request))?,
    };
    if let Some((token, hash)) = token {
        group.tokens().remember(token, hash);
    }
    Ok(response)
}

async fn run<Request, Response>(
    queue: &Queue,
    body: &[u8],
    operation: impl FnOnce(&mut Group<'_>, Request) -> Result<Response> + Send + 'static,
) -> std::result::Result<Answer, Closed>
where
    Request: DeserializeOwned + Send + 'static,
    Response: Serialize + Send + 'static,
{
    Ok(written(match read(body) {
        Ok(request) => queue.run(move |group| operation(group, request)).await?,
        Err(error) => Err(error),
    }))
}

/// Polls the engine's future once. On SQLite, the future completes at the first poll.
pub(super) fn ready<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    let mut answer = std::pin::pin!(answer);
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => {
            Err(DynoxideError::InternalServerError("the engine did not finish".to_owned()))
        }
    }
}

fn read<Request: DeserializeOwned>(body: &[u8]) -> Result<Request> {
    serde_json::from_slice(body).map_err(|error| malformed(&error.to_string()))
}

fn written<Response: Serialize>(response: Result<Response>) -> Answer {
    match response.and_then(|response| write(&response)) {
        Ok(body) => Answer { status: 200, body },
        Err(error) if disk::is_full(&error) => Answer { status: 500, body: full(&error) },
        Err(error) => Answer { status: error.status_code(), body: error.to_json() },
    }
}

fn full(error: &DynoxideError) -> String {
    serde_json::json!({ "__type": disk::DISK_FULL, "message": error.to_string() }).to_string()
}

fn write(response: &impl Serialize) -> Result<String> {
    serde_json::to_string(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Converts a parse error. The engine also validates while it parses, and marks its findings with a
/// prefix.
fn malformed(error: &str) -> DynoxideError {
    match error.strip_prefix("VALIDATION:") {
        Some(problem) => DynoxideError::ValidationException(problem.to_owned()),
        None => DynoxideError::SerializationException(error.to_owned()),
    }
}

fn mismatch() -> DynoxideError {
    DynoxideError::IdempotentParameterMismatchException(
        "An error occurred (IdempotentParameterMismatchException)".to_owned(),
    )
}

fn unknown(operation: &str) -> String {
    serde_json::json!({
        "__type": "com.amazon.coral.service#UnknownOperationException",
        "message": format!("the embedded engine does not support `{operation}`"),
    })
    .to_string()
}
