use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::{Client, Config, config};
use aws_smithy_types::base64;

use super::{Listing, Object, ObjectError, ObjectKey, Objects, Put};
use crate::BODY_LIMIT;
use crate::dynamodb::{https, reason};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Enough for 16 MiB at 5 Mbit/s.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);

/// Objects in a bucket of S3 or an S3-compatible server, each under `{table}/{key}`.
#[derive(Clone, Debug)]
pub struct S3Objects {
    client: Client,
    bucket: Arc<str>,
    prefix: Arc<str>,
}

/// Timeouts that suit objects of up to 16 MiB: 1 s to connect, 30 s for an attempt, 60 s with the
/// SDK's retries.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// A configuration for an S3-compatible server that checks no credentials, such as one at
/// `http://127.0.0.1:9000`. Requests name the bucket in the path, not in the host name.
pub fn for_endpoint(url: impl Into<String>) -> Config {
    config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .retry_config(RetryConfig::standard())
        .credentials_provider(Credentials::new("local", "local", None, None, "anybody"))
        .endpoint_url(url)
        .force_path_style(true)
        .http_client(https())
        .timeout_config(timeouts())
        .build()
}

impl S3Objects {
    /// Returns the objects of this table in this bucket, which has to exist. Tables of the same
    /// name must not share a bucket: a sweep for one would delete the other's objects.
    pub fn new(client: Client, bucket: impl Into<Arc<str>>, table: &str) -> Self {
        // The store checks each object against the SHA-256 in its name, so the SDK need not.
        let config = client
            .config()
            .to_builder()
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let client = Client::from_conf(config.build());
        Self { client, bucket: bucket.into(), prefix: format!("{table}/").into() }
    }

    /// Checks that the bucket exists and may be listed.
    ///
    /// # Errors
    /// [`ObjectError`], which says what is missing.
    pub async fn check(&self) -> Result<(), ObjectError> {
        let request = self.client.head_bucket().bucket(&*self.bucket);
        request.send().await.map_err(|error| self.failed("HeadBucket", &error))?;
        Ok(())
    }

    fn name(&self, key: ObjectKey) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Puts the bytes, with `there` as the `If-None-Match` condition. S3 also checks their SHA-256.
    async fn put_unless(
        &self,
        key: ObjectKey,
        bytes: Vec<u8>,
        there: Option<&str>,
    ) -> Result<(), SdkError<impl ProvideErrorMetadata + Error + use<>, HttpResponse>> {
        let request = self
            .client
            .put_object()
            .bucket(&*self.bucket)
            .key(self.name(key))
            .set_if_none_match(there.map(str::to_owned))
            .checksum_sha256(base64::encode(key.as_bytes()))
            .body(ByteStream::from(bytes));
        request.send().await.map(|_| ())
    }

    /// Classifies a failure and says how to fix it.
    fn failed<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>) -> ObjectError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (bucket, prefix) = (&self.bucket, &self.prefix);
        let reason = format!("{operation}: {}", reason(error));
        let status = error.raw_response().map(|response| response.status().as_u16());
        match (error.code(), status) {
            // Expired credentials are renewed while the program runs.
            (Some("ExpiredToken" | "RequestTimeout"), _) | (_, Some(408 | 429)) => {
                ObjectError::Away(reason)
            }
            (_, Some(301 | 307)) => ObjectError::Refused(format!(
                "{reason}: the bucket `{bucket}` is in another region than the configured one (AWS_REGION)"
            )),
            (_, Some(403)) => ObjectError::Refused(format!(
                "{reason}: allow s3:ListBucket on the bucket `{bucket}`, and s3:GetObject, s3:PutObject \
                 and s3:DeleteObject on `{bucket}/{prefix}*`"
            )),
            (_, Some(404)) => ObjectError::Refused(format!(
                "{reason}: there is no bucket `{bucket}`; create it, or name another"
            )),
            (_, Some(400..500)) => ObjectError::Refused(reason),
            _ => ObjectError::Away(reason),
        }
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn put(&self, key: ObjectKey, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        match self.put_unless(key, bytes.clone(), Some("*")).await {
            Ok(()) => return Ok(Put::New),
            // 412: it exists. 409: it is just being put. 501: the server supports no conditions.
            Err(error) if status(&error).is_some_and(|s| [409, 412, 501].contains(&s)) => {}
            Err(error) => return Err(self.failed("PutObject", &error)),
        }
        // Only another put makes the object young again.
        let put = self.put_unless(key, bytes, None).await;
        put.map_err(|error| self.failed("PutObject", &error))?;
        Ok(Put::Again)
    }

    async fn get(&self, key: ObjectKey) -> Result<Option<Vec<u8>>, ObjectError> {
        let request = self.client.get_object().bucket(&*self.bucket).key(self.name(key));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.failed("GetObject", &error)),
        };
        // A server need not state the length in advance.
        let mut body = answer.body;
        let mut bytes = Vec::new();
        while let Some(part) = body.next().await {
            let part = part.map_err(|error| ObjectError::Away(format!("GetObject: {error}")))?;
            bytes.extend_from_slice(&part);
            if bytes.len() > BODY_LIMIT {
                break;
            }
        }
        Ok(Some(bytes))
    }

    async fn look(&self, key: ObjectKey) -> Result<Option<Object>, ObjectError> {
        let request = self.client.head_object().bucket(&*self.bucket).key(self.name(key));
        match request.send().await {
            Ok(answer) => {
                let put_at = moment("HeadObject", answer.last_modified())?;
                Ok(Some(Object { key, bytes: bytes(answer.content_length()), put_at }))
            }
            // An answer to HEAD has no body, so it cannot say whether the bucket or the key is
            // missing.
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(self.failed("HeadObject", &error)),
        }
    }

    async fn list(&self, cursor: Option<String>) -> Result<Listing, ObjectError> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&*self.bucket)
            .prefix(&*self.prefix)
            .set_continuation_token(cursor);
        let answer = request.send().await.map_err(|error| self.failed("ListObjectsV2", &error))?;
        let mut objects = Vec::new();
        for object in answer.contents() {
            let name = object.key().and_then(|name| name.strip_prefix(&*self.prefix));
            if let Some(key) = name.and_then(|name| name.parse().ok()) {
                let put_at = moment("ListObjectsV2", object.last_modified())?;
                objects.push(Object { key, bytes: bytes(object.size()), put_at });
            }
        }
        Ok(Listing { objects, next: answer.next_continuation_token })
    }

    async fn delete(&self, key: ObjectKey) -> Result<(), ObjectError> {
        let request = self
            .client
            .delete_object()
            .bucket(&*self.bucket)
            .key(self.name(key))
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()));
        request.send().await.map_err(|error| self.failed("DeleteObject", &error))?;
        Ok(())
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn bytes(length: Option<i64>) -> u64 {
    length.and_then(|bytes| bytes.try_into().ok()).unwrap_or(0)
}

fn moment(operation: &str, at: Option<&DateTime>) -> Result<SystemTime, ObjectError> {
    let at = at.copied().and_then(|at| SystemTime::try_from(at).ok());
    at.ok_or_else(|| {
        ObjectError::Away(format!("{operation}: the answer lacks a valid last-modified time"))
    })
}
