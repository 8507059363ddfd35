//! Safeguards that daily work does not need, and that are missed when something goes wrong.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableDescription};
use event_store::dynamodb::{self, streams};

use super::{Finding, Remote};

/// Checks the stream, which tells each server of the others' commits, even those of a server that
/// died.
pub(super) async fn stream(store: &Remote<'_>, description: &TableDescription) -> Finding {
    let table = store.at.table;
    let enabled = description.stream_specification().filter(|stream| stream.stream_enabled());
    let Some(stream) = enabled.and(description.latest_stream_arn()) else {
        return Finding::warning(
            format!(
                "the table `{table}` has no stream: what a server commits just before it dies reaches \
                 the feed only by `daybook reconcile`, or when a server starts"
            ),
            format!(
                "Turn it on: aws dynamodb update-table --table-name {table} \
                 --stream-specification StreamEnabled=true,StreamViewType=KEYS_ONLY; then run \
                 `daybook reconcile`, once"
            ),
        );
    };
    match read(&store.streams, stream).await {
        Ok(()) => Finding::ok(format!("the table `{table}` has a stream, which can be read")),
        Err(Unread::Refused { operation, why }) => Finding::problem(
            format!("the stream of the table `{table}` cannot be read: {operation}: {why}"),
            format!("Allow dynamodb:{operation}: deploy/iam/serve.json has all that is needed"),
        ),
        Err(Unread::Untried(why)) => Finding::warning(
            format!("it is unknown whether the stream of the table `{table}` can be read: {why}"),
            "Try again in a minute",
        ),
    }
}

/// The reason why a stream was not read.
enum Unread {
    /// The operation is not allowed or does not work.
    Refused { operation: &'static str, why: String },
    /// The operation could not be tried now.
    Untried(String),
}

/// Reads once, as the tail does: each step has a permission of its own.
async fn read(streams: &streams::Client, stream: &str) -> Result<(), Unread> {
    let described = streams.describe_stream().stream_arn(stream).limit(1).send().await;
    let described = granted("DescribeStream", described)?.stream_description;
    let shard = described.and_then(|stream| stream.shards?.into_iter().next()?.shard_id);
    let shard = shard.ok_or_else(|| Unread::Untried("it has no shard yet".to_owned()))?;
    let iterator = streams
        .get_shard_iterator()
        .stream_arn(stream)
        .shard_id(shard)
        .shard_iterator_type("LATEST".into())
        .send()
        .await;
    let iterator = granted("GetShardIterator", iterator)?.shard_iterator;
    let records = streams.get_records().set_shard_iterator(iterator).limit(1).send().await;
    granted("GetRecords", records).map(|_| ())
}

/// Returns the answer, if any. Throttling proves nothing: a stream allows few reads a second, which
/// the servers may have used up.
fn granted<T, E>(
    operation: &'static str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<T, Unread>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    answer.map_err(|error| {
        let why = dynamodb::reason(&error);
        match error.code() {
            Some(
                "LimitExceededException"
                | "ProvisionedThroughputExceededException"
                | "ThrottlingException",
            ) => Unread::Untried(why),
            _ => Unread::Refused { operation, why },
        }
    })
}

/// Checks that AWS protects the table from deletion and can restore an earlier state of it.
pub(super) async fn examine(store: &Remote<'_>, description: &TableDescription) -> Vec<Finding> {
    vec![protection(store.at.table, description), recovery(store).await]
}

fn protection(table: &str, description: &TableDescription) -> Finding {
    if description.deletion_protection_enabled() == Some(true) {
        return Finding::ok(format!("the table `{table}` is protected from deletion"));
    }
    Finding::warning(
        format!("the table `{table}` can be deleted by accident"),
        format!(
            "Protect it: aws dynamodb update-table --table-name {table} \
             --deletion-protection-enabled"
        ),
    )
}

async fn recovery(store: &Remote<'_>) -> Finding {
    let table = store.at.table;
    let answer = store.client.describe_continuous_backups().table_name(table).send().await;
    let remedy = format!(
        "Turn it on: aws dynamodb update-continuous-backups --table-name {table} \
         --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    );
    let backups = match answer {
        Ok(answer) => answer.continuous_backups_description,
        Err(error) => {
            let why = dynamodb::reason(&error);
            let what = format!("it is unknown whether point-in-time recovery is on: {why}");
            let remedy = "Allow dynamodb:DescribeContinuousBackups for these credentials";
            return Finding::warning(what, remedy);
        }
    };
    let status = backups
        .and_then(|backups| backups.point_in_time_recovery_description)
        .and_then(|recovery| recovery.point_in_time_recovery_status);
    if status == Some(PointInTimeRecoveryStatus::Enabled) {
        return Finding::ok("point-in-time recovery is on");
    }
    Finding::warning(format!("point-in-time recovery of the table `{table}` is off"), remedy)
}
