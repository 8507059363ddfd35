use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType, StreamDescription, StreamStatus};

use super::shards::{Place, Reading};
use crate::StoreError;
use crate::dynamodb::failure::Failure;

/// The streams of one table: the one that goes on, and for a day those that were turned off.
#[derive(Debug)]
pub(super) struct Stream {
    client: Client,
    table: String,
}

/// What one reading of a shard gave.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) records: Vec<Record>,
    /// Where to read on; `None` at the end of a shard that is closed.
    pub(super) next: Option<String>,
}

/// Why a shard cannot be read on.
#[derive(Debug)]
pub(super) enum Missed {
    /// The iterator is too old.
    Expired,
    /// What comes next is too old to be there.
    Trimmed,
    /// All of the shard is too old to be there, or its table is gone.
    Gone,
    /// It is worth trying again.
    Failed(StoreError),
}

impl Stream {
    pub(super) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned() }
    }

    pub(super) async fn is_enabled(&self) -> Result<bool, StoreError> {
        for stream in self.list().await? {
            for page in self.describe(&stream).await? {
                let status = page.stream_status();
                if matches!(status, Some(StreamStatus::Enabled | StreamStatus::Enabling)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// All shards that are there, each with its parent.
    pub(super) async fn shards(&self) -> Result<Vec<(Place, Option<String>)>, StoreError> {
        let mut all = Vec::new();
        for stream in self.list().await? {
            for shard in
                self.describe(&stream).await?.into_iter().filter_map(|page| page.shards).flatten()
            {
                let Some(id) = shard.shard_id else { continue };
                all.push((Place { stream: stream.clone(), shard: id }, shard.parent_shard_id));
            }
        }
        Ok(all)
    }

    /// Reads on in a shard: from an iterator, behind the newest record that was read, or from the start.
    pub(super) async fn page(&self, place: &Place, reading: Reading) -> Result<Read, Missed> {
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
        place: &Place,
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

    async fn list(&self) -> Result<Vec<String>, StoreError> {
        let (mut streams, mut last) = (Vec::new(), None);
        loop {
            let request = self.client.list_streams().table_name(&self.table);
            let page = request
                .set_exclusive_start_stream_arn(last)
                .send()
                .await
                .map_err(|error| Failure::of("ListStreams", &error))?;
            streams
                .extend(page.streams.unwrap_or_default().into_iter().filter_map(|s| s.stream_arn));
            last = page.last_evaluated_stream_arn;
            if last.is_none() {
                return Ok(streams);
            }
        }
    }

    /// The description of a stream in its pages; none when it is gone.
    async fn describe(&self, stream: &str) -> Result<Vec<StreamDescription>, StoreError> {
        let (mut pages, mut last) = (Vec::new(), None);
        loop {
            let request = self.client.describe_stream().stream_arn(stream);
            let page = match request.set_exclusive_start_shard_id(last).send().await {
                Ok(page) => page.stream_description,
                Err(error) if error.code() == Some(NOT_FOUND) => return Ok(Vec::new()),
                Err(error) => return Err(Failure::of("DescribeStream", &error).into()),
            };
            last = page.as_ref().and_then(|page| page.last_evaluated_shard_id.clone());
            pages.extend(page);
            if last.is_none() {
                return Ok(pages);
            }
        }
    }
}

const NOT_FOUND: &str = "ResourceNotFoundException";

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
