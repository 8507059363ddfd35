//! The `daybook doctor` command: checks whether the settings lead to a working store, and if not,
//! says what to do. It creates neither a directory nor a table.

mod bucket;
mod clock;
mod directory;
mod engine;
mod finding;
mod permissions;
mod safety;
mod table;

use std::io::{self, Write};

use aws_sdk_dynamodb::Client;
use event_store::dynamodb::{self, streams};
use event_store::objects;

use crate::Failure;
use crate::config::{Settings, StoreChoice};
use crate::open::{client_of, of_environment, s3_of, streams_of};
use bucket::Bucket;
use finding::{Finding, Severity};

/// The location of a table.
struct TableLocation<'a> {
    table: &'a str,
    /// The location, in words.
    name: String,
    /// Set for an AWS account, which offers more than a compatible server.
    is_aws: bool,
}

/// A store outside this process.
struct Remote<'a> {
    at: TableLocation<'a>,
    client: Client,
    streams: streams::Client,
    bucket: Option<Bucket>,
}

/// Examines the data directory and the store that the settings name, and prints one line for each
/// finding.
///
/// # Errors
/// [`Failure::Unwell`] when a finding is a problem; warnings do not count.
pub async fn doctor(settings: &Settings) -> Result<(), Failure> {
    let choice = settings.store()?;
    let (mut findings, lock) = directory::examine(&settings.data);
    findings.extend(match choice {
        StoreChoice::Embedded => engine::examine(settings, lock).await,
        StoreChoice::Endpoint(place) => {
            let client = Client::from_conf(dynamodb::for_endpoint(&place));
            let streams = streams::Client::from_conf(streams::for_endpoint(&place));
            let s3 = |url: Option<String>| objects::for_endpoint(url.unwrap_or_default());
            let bucket = Bucket::named_in(settings, s3)?;
            let at = TableLocation { table: &settings.table, name: place, is_aws: false };
            Remote { at, client, streams, bucket }.examine().await
        }
        StoreChoice::Aws(endpoint) => {
            let (environment, place) = of_environment().await;
            let client = client_of(&environment, endpoint.clone());
            let streams = streams_of(&environment, endpoint);
            let bucket = Bucket::named_in(settings, |url| s3_of(&environment, url))?;
            let at = TableLocation { table: &settings.table, name: place, is_aws: true };
            Remote { at, client, streams, bucket }.examine().await
        }
    });
    findings.extend(clock::recorded(settings).await);
    report(&findings)
}

impl Remote<'_> {
    async fn examine(&self) -> Vec<Finding> {
        let (reading, described) =
            clock::compared(self.client.describe_table(), self.at.table).await;
        let mut findings: Vec<_> = clock::finding(reading).into_iter().collect();
        let description = match table::found(&self.at, described) {
            Ok(description) => description,
            Err(finding) => {
                findings.push(finding);
                return findings;
            }
        };
        let (shape, is_usable) = table::examine(&self.at, &description);
        findings.extend(shape);
        if is_usable {
            findings.extend(permissions::examine(self).await);
            findings.push(safety::stream(self, &description).await);
            findings.push(bucket::examine(self.bucket.as_ref()).await);
            if self.at.is_aws {
                findings.extend(safety::examine(self, &description).await);
            }
        }
        findings
    }
}

fn report(findings: &[Finding]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    for finding in findings {
        writeln!(stdout, "{finding}")?;
    }
    match findings.iter().filter(|finding| finding.severity == Severity::Problem).count() {
        0 => Ok(()),
        problems => Err(Failure::Unwell(problems)),
    }
}
