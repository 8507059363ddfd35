//! Where change sets go that are too large for an item.

use event_store::objects::{ObjectError, ObjectKey, Objects, S3Objects};

use super::Finding;
use crate::Failure;
use crate::config::{ObjectsChoice, Settings};

/// A bucket and how it is reached.
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) objects: S3Objects,
}

impl Bucket {
    /// The one that the settings name. `s3` says how S3 is found, at another endpoint than its own when one
    /// is given.
    pub(super) fn named_in(
        settings: &Settings,
        s3: impl FnOnce(Option<String>) -> aws_sdk_s3::Config,
    ) -> Result<Option<Self>, Failure> {
        let ObjectsChoice::Bucket { name, endpoint } = settings.objects()? else { return Ok(None) };
        let client = aws_sdk_s3::Client::from_conf(s3(endpoint));
        let objects = S3Objects::new(client, &*name, &settings.table);
        Ok(Some(Self { name, objects }))
    }
}

/// Whether the bucket is there and can be read. (Whether it can be written shows with the first large change
/// set: to try would leave something behind.)
pub(super) async fn examine(bucket: Option<&Bucket>) -> Finding {
    let Some(Bucket { name, objects }) = bucket else {
        return Finding::warning(
            "there is no bucket: change sets of more than 400 KB, compressed, are refused",
            "Name one with --bucket",
        );
    };
    if let Err(error) = objects.check().await {
        return Finding::problem(
            format!("the bucket `{name}` cannot be used: {error}"),
            "Create it, or allow s3:ListBucket: deploy/iam/serve.json has all that is needed",
        );
    }
    match objects.get(ObjectKey::of(b"nothing")).await {
        Ok(_) => Finding::ok(format!("the bucket `{name}` is there and can be read")),
        Err(ObjectError::Refused(why)) => Finding::problem(
            format!("objects of the bucket `{name}` cannot be read: {why}"),
            "Allow s3:GetObject: deploy/iam/serve.json has all that is needed",
        ),
        Err(error) => Finding::problem(
            format!("the bucket `{name}` does not answer: {error}"),
            "Try again; if it stays so, look at the network",
        ),
    }
}
