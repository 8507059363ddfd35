//! The command line: subcommands, and settings that environment variables can give as well.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use api::Caller;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::limits::line;
use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};

use crate::aggregates::CACHED_HEADS;
use crate::commands::verify::Root;
use crate::http::{Callers, HostName, Network, Origin, Proxy};

const EXAMPLES: &str = "\
Examples:
  daybook                                          serve on http://127.0.0.1:3000, data in ./data
  daybook serve --address 0.0.0.0:8080 --data /var/lib/daybook
  daybook sample                                   load a small company's ninety days, then serve it
  daybook --dynamodb-endpoint http://127.0.0.1:8000
  daybook --store aws --table daybook              the AWS account of the environment
  daybook reconcile                                add to the feed what a killed process left out
  daybook export books.jsonl                       everything, one change set a line
  daybook import books.jsonl --store aws           the same, in another store
  daybook sweep --dry-run                          list what interrupted writes left behind

Nothing is ever overwritten. Without configuration, everything is kept in the data directory, which only
one process can use at a time.";

/// Inventory and billing in which nothing is ever overwritten.
#[derive(Clone, Debug, Parser)]
#[command(name = "daybook", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// The command to run; `serve` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of the command.
    #[command(flatten)]
    pub settings: Settings,
}

/// The commands of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the screens and the HTTP interface until told to stop (the default)
    #[default]
    Serve,
    /// Load the sample company: about 40 items, ninety days of change sets. Safe to repeat
    Sample,
    /// Discard the read model and rebuild it from the change sets
    Rebuild,
    /// Check that every change set is as it was written, and that its command, decided again, gives
    /// its events. Check the feed too, and print its newest root. An interrupted check resumes,
    /// within a day
    Verify {
        /// Start over, whatever an interrupted check has covered
        #[arg(long)]
        afresh: bool,
        /// Check that the feed still has this batch with this hash, as an earlier verification
        /// printed it: nothing up to it was cut off or rewritten
        #[arg(long, value_name = "NUMBER:HASH")]
        root: Option<Root>,
    },
    /// Examine the data directory, the table, the permissions and the clock, and say what to do.
    /// Creates no directory and no table
    Doctor,
    /// Compare the feed with the store, and add what is missing: needed after an outage longer
    /// than a day on a table that others write to. Safe to repeat
    Reconcile,
    /// Write every change set to a file, one a line, byte for byte
    Export {
        /// The file; standard output when left out
        file: Option<PathBuf>,
        /// Resume an unfinished file
        #[arg(long, requires = "file")]
        resume: bool,
    },
    /// Put every change set of an export into the store. Skips those that it already has
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        /// Accept commands as they are, without deciding them again
        #[arg(long)]
        trust: bool,
    },
    /// Delete objects that no change set names: leftovers of interrupted writes of large change
    /// sets
    Sweep {
        /// The age from which an object is deleted, such as 90s, 30m, 24h or 7d. A change set is
        /// written minutes at most after its object; a day leaves room for clocks that differ
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
        grace: Duration,
        /// Say what would be deleted, and delete nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Settings that every command understands.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// The address to listen on
    #[arg(
        long, env = "DAYBOOK_ADDRESS", value_name = "HOST:PORT", default_value = "127.0.0.1:3000",
        value_parser = address, global = true, hide_env_values = true
    )]
    pub address: SocketAddr,
    /// A host name under which people reach this server, besides localhost and the address it
    /// listens on. Repeat the flag for several, or separate them with commas
    #[arg(
        long = "allowed-host",
        env = "DAYBOOK_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ',',
        global = true,
        hide_env_values = true
    )]
    pub allowed_hosts: Vec<HostName>,
    /// The origin of the pages that a proxy in front serves, such as `https://books.example`.
    /// Without it, every form is refused behind a proxy that changes the Host header
    #[arg(
        long = "allowed-origin",
        env = "DAYBOOK_ALLOWED_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        global = true,
        hide_env_values = true
    )]
    pub allowed_origins: Vec<Origin>,
    /// The data directory; created when missing
    #[arg(
        long,
        env = "DAYBOOK_DATA",
        value_name = "DIRECTORY",
        default_value = "data",
        global = true,
        hide_env_values = true
    )]
    pub data: PathBuf,
    /// The store of the change sets: in the data directory, or in DynamoDB [default: embedded, or
    /// aws with --dynamodb-endpoint]
    #[arg(long, env = "DAYBOOK_STORE", value_enum, global = true, hide_env_values = true)]
    store: Option<StoreKind>,
    /// A DynamoDB-compatible server to use instead of the embedded one
    #[arg(
        long, env = "DAYBOOK_DYNAMODB_ENDPOINT", value_name = "URL", value_parser = endpoint,
        global = true, hide_env_values = true
    )]
    dynamodb_endpoint: Option<String>,
    /// The table; created when missing by serve, sample and import
    #[arg(
        long,
        env = "DAYBOOK_TABLE",
        value_name = "NAME",
        default_value = "daybook",
        global = true,
        hide_env_values = true
    )]
    pub table: String,
    /// The bucket for change sets that are too large for DynamoDB, which has to exist. Without one
    /// they are refused; the embedded store keeps them in the data directory
    #[arg(
        long, env = "DAYBOOK_BUCKET", value_name = "NAME", value_parser = NonEmptyStringValueParser::new(),
        global = true, hide_env_values = true
    )]
    bucket: Option<String>,
    /// An S3-compatible server that has the bucket [default: with --store aws S3 itself, otherwise
    /// the --dynamodb-endpoint]
    #[arg(
        long, env = "DAYBOOK_S3_ENDPOINT", value_name = "URL", value_parser = endpoint, global = true,
        hide_env_values = true
    )]
    s3_endpoint: Option<String>,
    /// The name that commands are recorded under, unless a proxy names the caller [default: the
    /// user of the operating system]
    #[arg(
        long, env = "DAYBOOK_ACTOR", value_name = "NAME", value_parser = actor, global = true,
        hide_env_values = true
    )]
    actor: Option<String>,
    /// The header in which a proxy names the caller of each request, such as X-Forwarded-User. A
    /// request without it is refused. The proxy must replace the header when a client sends it
    #[arg(
        long, env = "DAYBOOK_TRUST_PROXY_HEADER", value_name = "HEADER", value_parser = caller_header,
        global = true, hide_env_values = true
    )]
    trust_proxy_header: Option<HeaderName>,
    /// The address or network from which that proxy connects, such as 10.0.0.7 or fd00::/8; the
    /// header counts from nowhere else. Repeat the flag for several, or separate them with commas
    /// [default: this machine]
    #[arg(
        long = "trusted-proxy",
        env = "DAYBOOK_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        global = true,
        hide_env_values = true
    )]
    trusted_proxies: Vec<Network>,
    /// The number of items that stay in memory, a few kilobytes each: a command on one of them
    /// reads nothing first
    #[arg(
        long, env = "DAYBOOK_CACHED_HEADS", value_name = "COUNT", default_value_t = CACHED_HEADS,
        global = true, hide_env_values = true
    )]
    pub cached_heads: NonZeroUsize,
    /// The format of log lines, which go to standard error; RUST_LOG selects them
    #[arg(
        long,
        env = "DAYBOOK_LOG",
        value_enum,
        default_value_t,
        global = true,
        hide_env_values = true
    )]
    pub log: LogFormat,
}

/// The kinds of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// In a file of the data directory, by the engine in this process
    Embedded,
    /// In DynamoDB, with the credentials and the region of the environment
    Aws,
}

/// The formats of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// The store that the settings select together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// The engine in this process.
    Embedded,
    /// A DynamoDB-compatible server that accepts any credentials.
    Endpoint(String),
    /// DynamoDB as the environment describes it, at this endpoint if one is given.
    Aws(Option<String>),
}

/// The place for change sets that are too large for an item, as the settings select it together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectsChoice {
    /// The data directory.
    Directory,
    /// A bucket.
    Bucket {
        /// The name of the bucket.
        name: String,
        /// The S3-compatible server that has the bucket; `None` for S3 itself.
        endpoint: Option<String>,
    },
    /// No place: large change sets are refused.
    Nowhere,
}

/// Settings that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// An endpoint for the embedded store.
    #[error(
        "--store embedded and --dynamodb-endpoint contradict each other: leave one of them out"
    )]
    Endpoint,
    /// A bucket for the embedded store.
    #[error(
        "--bucket goes with --store aws or --dynamodb-endpoint: the embedded store keeps large change \
         sets in the data directory"
    )]
    Bucket,
    /// An S3 endpoint without a bucket.
    #[error("--s3-endpoint says where a bucket is: name the bucket with --bucket")]
    NoBucket,
    /// A sweep without object storage.
    #[error("there is no object storage to sweep: name the bucket with --bucket")]
    NothingToSweep,
    /// A trusted proxy that names nobody.
    #[error(
        "--trusted-proxy says where the header of --trust-proxy-header may come from: name the header, or leave both \
         out"
    )]
    NoProxyHeader,
    /// A header that anybody in the network could set.
    #[error(
        "--trust-proxy-header with an address that other machines reach would let any of them name any caller: give \
         the proxy's address with --trusted-proxy, or listen on loopback (--address)"
    )]
    NoTrustedProxy,
    /// One name for all requests, and a header with the name of each.
    #[error(
        "--actor would name nobody, because the header of --trust-proxy-header names the caller of each request: \
         leave one of them out"
    )]
    Actor,
}

impl Settings {
    /// Returns the store to use.
    ///
    /// # Errors
    /// When an endpoint is given for the embedded store.
    pub fn store(&self) -> Result<StoreChoice, Contradiction> {
        match (self.store, self.dynamodb_endpoint.clone()) {
            (Some(StoreKind::Embedded), Some(_)) => Err(Contradiction::Endpoint),
            (Some(StoreKind::Embedded) | None, None) => Ok(StoreChoice::Embedded),
            (None, Some(url)) => Ok(StoreChoice::Endpoint(url)),
            (Some(StoreKind::Aws), endpoint) => Ok(StoreChoice::Aws(endpoint)),
        }
    }

    /// Returns the place for large change sets.
    ///
    /// # Errors
    /// When a bucket is given for the embedded store, or an S3 endpoint without a bucket.
    pub fn objects(&self) -> Result<ObjectsChoice, Contradiction> {
        let Some(name) = self.bucket.clone() else {
            return match self.store()? {
                _ if self.s3_endpoint.is_some() => Err(Contradiction::NoBucket),
                StoreChoice::Embedded => Ok(ObjectsChoice::Directory),
                StoreChoice::Endpoint(_) | StoreChoice::Aws(_) => Ok(ObjectsChoice::Nowhere),
            };
        };
        let endpoint = self.s3_endpoint.clone();
        match self.store()? {
            StoreChoice::Embedded => Err(Contradiction::Bucket),
            StoreChoice::Endpoint(url) => {
                Ok(ObjectsChoice::Bucket { name, endpoint: endpoint.or(Some(url)) })
            }
            StoreChoice::Aws(_) => Ok(ObjectsChoice::Bucket { name, endpoint }),
        }
    }

    /// Returns the source of the callers of all requests.
    ///
    /// # Errors
    /// When a proxy is trusted that names nobody, or any machine of the network would be, or when
    /// there is a name for all requests as well.
    pub fn callers(&self) -> Result<Callers, Contradiction> {
        let networks = self.trusted_proxies.clone();
        let Some(header) = self.trust_proxy_header.clone() else {
            return match &*networks {
                [] => Ok(Callers::Lone(Caller::named(self.actor()))),
                [..] => Err(Contradiction::NoProxyHeader),
            };
        };
        if self.actor.is_some() {
            return Err(Contradiction::Actor);
        }
        if networks.is_empty() && !self.address.ip().to_canonical().is_loopback() {
            return Err(Contradiction::NoTrustedProxy);
        }
        Ok(Callers::Proxied(Proxy::new(header, networks)))
    }

    /// Returns the name of the lone caller.
    fn actor(&self) -> String {
        let user = || ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(user_named_by);
        self.actor.clone().or_else(user).unwrap_or_else(|| "clerk".to_owned())
    }
}

fn user_named_by(variable: &str) -> Option<String> {
    actor(&std::env::var(variable).ok()?).ok()
}

fn actor(text: &str) -> Result<String, String> {
    line("actor", text).map_err(|error| error.to_string())
}

/// Parses the name of the header that names callers. A name is recorded forever and shown to
/// everybody, so it must not be a password or the cookie of a session.
fn caller_header(text: &str) -> Result<HeaderName, String> {
    match text.parse::<HeaderName>() {
        Ok(AUTHORIZATION | COOKIE | PROXY_AUTHORIZATION) => {
            Err("this header holds a secret; expected one with a name, such as X-Forwarded-User"
                .to_owned())
        }
        Ok(header) => Ok(header),
        Err(_) => Err("expected the name of a header, such as X-Forwarded-User".to_owned()),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut resolved = text.to_socket_addrs().map_err(|error| error.to_string())?;
    resolved.next().ok_or_else(|| "the name has no address".to_owned())
}

fn endpoint(text: &str) -> Result<String, String> {
    let url: http::Uri = text.parse().map_err(|error| format!("{error}"))?;
    match url.scheme_str() {
        Some("http" | "https") if url.host().is_some() => Ok(text.to_owned()),
        _ => Err("expected a URL such as http://127.0.0.1:8000".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit)
    };
    let seconds = seconds().ok_or("expected a duration such as 90s, 30m, 24h or 7d");
    Ok(Duration::from_secs(seconds?))
}

#[cfg(test)]
mod tests;
