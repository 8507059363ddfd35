//! Where change sets go that are too large for an item.

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::error::ProvideErrorMetadata;
use event_store::dynamodb;
use event_store::objects::{ObjectError, ObjectKey, Objects, S3Objects};

use super::Finding;
use crate::Failure;
use crate::config::{ObjectsChoice, Settings};

/// What is in an object that nobody puts.
const NOBODY: &[u8] = b"nothing";
/// What no object has for an ETag: the MD5 of nothing, as no object is empty.
const NO_ETAG: &str = "\"d41d8cd98f00b204e9800998ecf8427e\"";

/// A bucket and how it is reached.
pub(super) struct Bucket {
    name: String,
    table: String,
    client: aws_sdk_s3::Client,
    objects: S3Objects,
}

impl Bucket {
    /// The one that the settings name. `s3` says how S3 is found, at another endpoint than its own when one
    /// is given.
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

/// Whether the bucket is there, and objects can be read and put.
pub(super) async fn examine(bucket: Option<&Bucket>) -> Finding {
    let Some(bucket) = bucket else {
        return Finding::warning(
            "there is no bucket: change sets of more than 400 KB, compressed, are refused",
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

/// Whether an object may be put, asked under the condition that another is there, which is not: S3 says
/// 404 to that (412, where another server goes by RFC 9110), and keeps nothing. Who may not put is told so
/// before.
async fn putting(Bucket { name, table, client, .. }: &Bucket) -> Finding {
    let request = client
        .put_object()
        .bucket(name)
        .key(format!("{table}/{}", ObjectKey::of(NOBODY)))
        .if_match(NO_ETAG)
        .body(NOBODY.to_vec().into())
        .customize()
        // As objects are put.
        .config_override(
            aws_sdk_s3::Config::builder()
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired),
        );
    let error = match request.send().await {
        // It is named as a sweep finds it.
        Ok(_) => {
            return Finding::warning(
                format!(
                    "the bucket `{name}` can be read and written, by a server that knows no If-Match: an \
                     object that nothing names is left there"
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
        "Try again; if it stays so, look at the network",
    )
}
