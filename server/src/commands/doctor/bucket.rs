//! The bucket for change sets that are too large for an item.

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::error::ProvideErrorMetadata;
use event_store::dynamodb;
use event_store::objects::{ObjectError, ObjectKey, Objects, S3Objects};

use super::Finding;
use crate::Failure;
use crate::config::{ObjectsChoice, Settings};

/// The body of an object that is never stored.
const NOBODY: &[u8] = b"nothing";
/// An ETag that no object has: the MD5 of no bytes, as no object is empty.
const NO_ETAG: &str = "\"d41d8cd98f00b204e9800998ecf8427e\"";

pub(super) struct Bucket {
    name: String,
    table: String,
    client: aws_sdk_s3::Client,
    objects: S3Objects,
}

impl Bucket {
    /// Returns the bucket that the settings name. `s3` configures the client, for this endpoint if
    /// one is given, else for S3 itself.
    pub(super) fn named_in(
        settings: &Settings,
        s3: impl FnOnce(Option<String>) -> aws_sdk_s3::Config,
    ) -> Result<Option<Self>, Failure> {
        let ObjectsChoice::Bucket { name, endpoint } = settings.objects()? else { return Ok(None) };
        let table = settings.table.clone();
        let client = aws_sdk_s3::Client::from_conf(s3(endpoint));
        let objects = S3Objects::new(client.clone(), &*name, &table);
        Ok(Some(Self { name, table, client, objects }))
    }
}

/// Checks that the bucket exists and that objects can be read and put.
pub(super) async fn examine(bucket: Option<&Bucket>) -> Finding {
    let Some(bucket) = bucket else {
        return Finding::warning(
            "no bucket is configured: change sets of more than 400 KiB, compressed, are refused",
            "Name one with --bucket",
        );
    };
    let Bucket { name, objects, .. } = bucket;
    if let Err(error) = objects.check().await {
        return Finding::problem(
            format!("the bucket `{name}` cannot be used: {error}"),
            "Create it, or allow s3:ListBucket: deploy/iam/serve.json has all that is needed",
        );
    }
    match objects.get(ObjectKey::of(NOBODY)).await {
        Ok(_) => putting(bucket).await,
        Err(ObjectError::Refused(why)) => Finding::problem(
            format!("objects of the bucket `{name}` cannot be read: {why}"),
            "Allow s3:GetObject: deploy/iam/serve.json has all that is needed",
        ),
        Err(error) => silent(name, &error.to_string()),
    }
}

/// Checks that an object may be put, with an If-Match that cannot hold. S3 answers 404 (a server
/// that follows RFC 9110: 412) and stores nothing. A missing permission is refused before that.
async fn putting(Bucket { name, table, client, .. }: &Bucket) -> Finding {
    let request = client
        .put_object()
        .bucket(name)
        .key(format!("{table}/{}", ObjectKey::of(NOBODY)))
        .if_match(NO_ETAG)
        .body(NOBODY.to_vec().into())
        .customize()
        // Objects are put with the same setting.
        .config_override(
            aws_sdk_s3::Config::builder()
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired),
        );
    let error = match request.send().await {
        // The key is one that a sweep finds.
        Ok(_) => {
            return Finding::warning(
                format!(
                    "the bucket `{name}` can be read and written, but its server ignores If-Match: an \
                     unreferenced object is left there"
                ),
                "Remove it a day from now: daybook sweep",
            );
        }
        Err(error) => error,
    };
    let why = format!("PutObject: {}", dynamodb::reason(&error));
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (error.code(), status) {
        (_, Some(404 | 409 | 412)) => {
            Finding::ok(format!("the bucket `{name}` is there, and can be read and written"))
        }
        (_, Some(501)) => Finding::warning(
            format!(
                "the bucket `{name}` is there and can be read; whether it can be written cannot be \
                 tried without leaving something behind: {why}"
            ),
            "Make sure that s3:PutObject is allowed",
        ),
        (Some("ExpiredToken" | "RequestTimeout" | "SlowDown"), _) | (_, Some(408 | 429)) => {
            silent(name, &why)
        }
        (_, Some(400..=499)) => Finding::problem(
            format!("objects cannot be put into the bucket `{name}`: {why}"),
            "Allow s3:PutObject: deploy/iam/serve.json has all that is needed",
        ),
        _ => silent(name, &why),
    }
}

fn silent(name: &str, why: &str) -> Finding {
    Finding::problem(
        format!("the bucket `{name}` does not answer: {why}"),
        "Try again; if it persists, check the network",
    )
}
