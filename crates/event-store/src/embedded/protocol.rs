//! DynamoDB's JSON protocol. Requests are read and answers written on the caller's thread; the
//! engine's own is the narrow place and does nothing else.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engine::{Closed, Queue};

/// What goes back over the wire.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Carries out one of the operations that the store, its tests and the bench use.
pub(super) async fn answer(queue: &Queue, operation: &str, body: &[u8]) -> Result<Answer, Closed> {
    match operation {
        "PutItem" => run(queue, body, Database::put_item).await,
        "GetItem" => run(queue, body, Database::get_item).await,
        "BatchGetItem" => run(queue, body, Database::batch_get_item).await,
        "Query" => run(queue, body, Database::query).await,
        "Scan" => run(queue, body, Database::scan).await,
        "UpdateItem" => run(queue, body, Database::update_item).await,
        "DeleteItem" => run(queue, body, Database::delete_item).await,
        "TransactWriteItems" => run(queue, body, Database::transact_write_items).await,
        "CreateTable" => run(queue, body, Database::create_table).await,
        "DescribeTable" => run(queue, body, Database::describe_table).await,
        "ListTables" => run(queue, body, Database::list_tables).await,
        _ => Ok(Answer { status: 400, body: unknown(operation) }),
    }
}

async fn run<Request, Response>(
    queue: &Queue,
    body: &[u8],
    operation: fn(&Database, Request) -> dynoxide::Result<Response>,
) -> Result<Answer, Closed>
where
    Request: DeserializeOwned + Send + 'static,
    Response: Serialize + Send + 'static,
{
    let response = match serde_json::from_slice(body) {
        Ok(request) => queue.run(move |database| operation(database, request)).await?,
        Err(error) => Err(malformed(&error.to_string())),
    };
    Ok(match response.and_then(|response| write(&response)) {
        Ok(body) => Answer { status: 200, body },
        Err(error) => Answer { status: error.status_code(), body: error.to_json() },
    })
}

fn write(response: &impl Serialize) -> dynoxide::Result<String> {
    serde_json::to_string(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine checks requests while it reads them, and marks what it finds like this.
fn malformed(error: &str) -> DynoxideError {
    match error.strip_prefix("VALIDATION:") {
        Some(problem) => DynoxideError::ValidationException(problem.to_owned()),
        None => DynoxideError::SerializationException(error.to_owned()),
    }
}

fn unknown(operation: &str) -> String {
    serde_json::json!({
        "__type": "com.amazon.coral.service#UnknownOperationException",
        "message": format!("the embedded engine does not do `{operation}`"),
    })
    .to_string()
}
