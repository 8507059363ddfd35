use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::config::http::HttpResponse;
use aws_sdk_dynamodbstreams::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};

use super::shards::{Reading, ShardId};
use crate::StoreError;
use crate::dynamodb::DynamoDbStore;
use crate::dynamodb::failure::Failure;

const NOT_FOUND: &str = "ResourceNotFoundException";

/// The stream of a store's table, if it has one.
#[derive(Debug)]
pub(super) struct Stream {
    store: DynamoDbStore,
    client: Client,
}

/// A page of a shard.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) records: Vec<Record>,
    /// The iterator of the next page; `None` at the end of a closed shard.
    pub(super) next: Option<String>,
}

/// The reason why the next page of a shard cannot be read.
#[derive(Debug)]
pub(super) enum Missed {
    /// The iterator has expired.
    Expired,
    /// The next records are too old and were trimmed.
    Trimmed,
    /// The whole shard is too old and was removed, or its table is gone.
    Gone,
    /// A failure that is worth a retry.
    Failed(StoreError),
}

impl Stream {
    pub(super) fn new(store: DynamoDbStore, client: Client) -> Self {
        Self { store, client }
    }

    /// Returns all shards, each with its parent.
    pub(super) async fn shards(&self) -> Result<Vec<(ShardId, Option<String>)>, StoreError> {
        let table = self.store.describe().await?;
        // A stream that is turned off can be read for another day.
        let Some(stream) = table.and_then(|table| table.latest_stream_arn) else {
            return Ok(Vec::new());
        };
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let request = self.client.describe_stream().stream_arn(&stream);
            let page = match request.set_exclusive_start_shard_id(last).send().await {
                Ok(answer) => answer.stream_description,
                Err(error) if error.code() == Some(NOT_FOUND) => None,
                Err(error) => return Err(Failure::of("DescribeStream", &error).into()),
            };
            let Some(page) = page else { return Ok(all) };
            for shard in page.shards.unwrap_or_default() {
                let place = shard.shard_id.map(|shard| ShardId { stream: stream.clone(), shard });
                all.extend(place.map(|place| (place, shard.parent_shard_id)));
            }
            last = page.last_evaluated_shard_id;
            if last.is_none() {
                return Ok(all);
            }
        }
    }

    /// Reads a page: from the iterator, after the newest record that was read, or from the start.
    pub(super) async fn page(&self, place: &ShardId, reading: Reading) -> Result<Read, Missed> {
        let iterator = match reading.iterator {
            Some(iterator) => Some(iterator),
            None => self.iterator(place, reading.newest).await?,
        };
        let request = self.client.get_records().set_shard_iterator(iterator);
        let page = request.send().await.map_err(|error| missed("GetRecords", &error))?;
        Ok(Read { records: page.records.unwrap_or_default(), next: page.next_shard_iterator })
    }

    async fn iterator(
        &self,
        place: &ShardId,
        after: Option<String>,
    ) -> Result<Option<String>, Missed> {
        let from = match after {
            Some(_) => ShardIteratorType::AfterSequenceNumber,
            None => ShardIteratorType::TrimHorizon,
        };
        let request = self
            .client
            .get_shard_iterator()
            .stream_arn(&place.stream)
            .shard_id(&place.shard)
            .shard_iterator_type(from)
            .set_sequence_number(after);
        match request.send().await {
            Ok(answer) => Ok(answer.shard_iterator),
            Err(error) => Err(missed("GetShardIterator", &error)),
        }
    }
}

fn missed<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Missed
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some("ExpiredIteratorException") => Missed::Expired,
        Some("TrimmedDataAccessException") => Missed::Trimmed,
        Some(NOT_FOUND) => Missed::Gone,
        _ => Missed::Failed(Failure::of(operation, error).into()),
    }
}
