//! What can be told to the program: flags, each with an environment variable of the same meaning.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::limits::line;

use crate::audit::Root;
use crate::http::{HostName, Origin};
use crate::kinds::CACHED_HEADS;

const EXAMPLES: &str = "\
Examples:
  daybook                                          serve on http://127.0.0.1:3000, data in ./data
  daybook serve --address 0.0.0.0:8080 --data /var/lib/daybook
  daybook sample                                   load a small company's ninety days, then serve it
  daybook --dynamodb-endpoint http://127.0.0.1:8000
  daybook --store aws --table daybook              the AWS account of the environment
  daybook reconcile                                put into the feed what a killed process left out
  daybook export books.jsonl                       everything, one change set a line
  daybook import books.jsonl --store aws           the same, in another store
  daybook sweep --dry-run                          what interrupted writes have left behind

Nothing is ever overwritten. With no configuration everything is kept in the data directory, which one
process at a time may use.";

/// Inventory and billing in which nothing is ever overwritten.
#[derive(Clone, Debug, Parser)]
#[command(name = "daybook", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What to do; `serve` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where and how.
    #[command(flatten)]
    pub settings: Settings,
}

/// What the program can be asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the screens and the HTTP interface until told to stop (the default)
    #[default]
    Serve,
    /// Load the sample company: about 40 items, ninety days of change sets. Harmless to repeat
    Sample,
    /// Throw the read model away and build it again from the change sets
    Rebuild,
    /// Check that every change set is as it was written, and that its command, decided again, gives its
    /// events; and the feed, whose newest root is printed. One that was stopped goes on where it was, within
    /// a day
    Verify {
        /// Begin at the start, whatever was checked before
        #[arg(long)]
        afresh: bool,
        /// Check that the feed still has this batch with this hash, as an earlier verification has
        /// printed it: that nothing up to there was cut off or written anew
        #[arg(long, value_name = "NUMBER:HASH")]
        root: Option<Root>,
    },
    /// Examine the data directory, the table, the permissions and the clock, and say what to do. Creates
    /// nothing
    Doctor,
    /// Compare the feed with the store, and put into it what is missing: after an outage longer than a day
    /// on a table that others write to. Harmless to repeat
    Reconcile,
    /// Write every change set to a file, one a line, byte for byte
    Export {
        /// The file; standard output when left out
        file: Option<PathBuf>,
        /// Go on with a file that was not finished
        #[arg(long, requires = "file")]
        resume: bool,
    },
    /// Put every change set of an export into the store. What is there already is passed over
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        /// Take commands as they are, without deciding them again
        #[arg(long)]
        trust: bool,
    },
    /// Delete objects that no change set names: what writes of large change sets have left behind
    /// that came no further
    Sweep {
        /// How long ago an object must have been put, such as 90s, 30m, 24h or 7d. A change set is written
        /// minutes at most after its object; a day leaves room for clocks that differ
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
    /// Where to listen
    #[arg(
        long, env = "DAYBOOK_ADDRESS", value_name = "HOST:PORT", default_value = "127.0.0.1:3000",
        value_parser = address, global = true, hide_env_values = true
    )]
    pub address: SocketAddr,
    /// A host name under which people reach this server, beside localhost and the address it listens on.
    /// Several may be given, or one list with commas
    #[arg(
        long = "allowed-host",
        env = "DAYBOOK_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ',',
        global = true,
        hide_env_values = true
    )]
    pub allowed_hosts: Vec<HostName>,
    /// The origin of the pages that a proxy in front serves, such as `https://books.example`. Without it,
    /// every form is refused behind a proxy that changes the Host header
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
    /// Where change sets are kept: in the data directory, or in DynamoDB [default: embedded, or aws
    /// with --dynamodb-endpoint]
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
    /// The bucket for change sets that are too large for DynamoDB, which has to exist. Without one they
    /// are refused; the embedded store keeps them in the data directory
    #[arg(
        long, env = "DAYBOOK_BUCKET", value_name = "NAME", value_parser = NonEmptyStringValueParser::new(),
        global = true, hide_env_values = true
    )]
    bucket: Option<String>,
    /// An S3-compatible server that has the bucket [default: with --store aws S3 itself, otherwise the
    /// --dynamodb-endpoint]
    #[arg(
        long, env = "DAYBOOK_S3_ENDPOINT", value_name = "URL", value_parser = endpoint, global = true,
        hide_env_values = true
    )]
    s3_endpoint: Option<String>,
    /// In whose name commands are recorded [default: the user of the operating system]
    #[arg(
        long, env = "DAYBOOK_ACTOR", value_name = "NAME", value_parser = actor, global = true,
        hide_env_values = true
    )]
    actor: Option<String>,
    /// How many items stay in memory, a few kilobytes each: a command on one of them reads nothing first
    #[arg(
        long, env = "DAYBOOK_CACHED_HEADS", value_name = "COUNT", default_value_t = CACHED_HEADS,
        global = true, hide_env_values = true
    )]
    pub cached_heads: NonZeroUsize,
    /// How log lines are written, to standard error; RUST_LOG says which
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

/// Where change sets are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// In a file of the data directory, by the engine in this process
    Embedded,
    /// In DynamoDB, with the credentials and the region of the environment
    Aws,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// The store, as the settings together say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// The engine in this process.
    Embedded,
    /// A DynamoDB-compatible server that does not mind who asks.
    Endpoint(String),
    /// DynamoDB as the environment describes it; at another endpoint, when one is given.
    Aws(Option<String>),
}

/// Where change sets go that are too large for an item, as the settings together say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectsChoice {
    /// The data directory.
    Directory,
    /// A bucket.
    Bucket {
        /// Its name.
        name: String,
        /// The S3-compatible server that has it, unless it is S3 itself.
        endpoint: Option<String>,
    },
    /// Nowhere: they are refused.
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
    /// A server for no bucket.
    #[error("--s3-endpoint says where a bucket is: name the bucket with --bucket")]
    NoBucket,
    /// A sweep of nothing.
    #[error("there is no object storage to sweep: name the bucket with --bucket")]
    NothingToSweep,
}

impl Settings {
    /// Which store it is.
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

    /// Where large change sets go.
    ///
    /// # Errors
    /// When a bucket is given for the embedded store, or a server for no bucket.
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

    /// In whose name commands are recorded.
    pub fn actor(&self) -> String {
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::CommandFactory;

    use super::*;

    fn settings(arguments: &[&str]) -> Settings {
        Cli::try_parse_from(["daybook"].iter().chain(arguments)).unwrap().settings
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_before_or_behind_the_command() {
        for arguments in [["--table", "t", "sample"], ["sample", "--table", "t"]] {
            let cli = Cli::try_parse_from(["daybook"].iter().chain(&arguments)).unwrap();
            assert_eq!((cli.command.unwrap(), &*cli.settings.table), (Command::Sample, "t"));
        }
    }

    #[test]
    fn an_endpoint_means_a_remote_store() {
        let url = "http://127.0.0.1:8000";
        let endpoint = ["--dynamodb-endpoint", url];
        assert_eq!(settings(&[]).store(), Ok(StoreChoice::Embedded));
        assert_eq!(settings(&endpoint).store(), Ok(StoreChoice::Endpoint(url.to_owned())));
        let aws = [&endpoint[..], &["--store", "aws"]].concat();
        assert_eq!(settings(&aws).store(), Ok(StoreChoice::Aws(Some(url.to_owned()))));
        let embedded = [&endpoint[..], &["--store", "embedded"]].concat();
        assert_eq!(settings(&embedded).store(), Err(Contradiction::Endpoint));
    }

    #[test]
    fn a_bucket_is_where_the_store_is_unless_told_otherwise() {
        let url = "http://127.0.0.1:8000";
        let objects =
            |arguments: &str| settings(&arguments.split_whitespace().collect::<Vec<_>>()).objects();
        let bucket = |endpoint: Option<&str>| {
            let (name, endpoint) = ("books".to_owned(), endpoint.map(str::to_owned));
            Ok(ObjectsChoice::Bucket { name, endpoint })
        };
        assert_eq!(objects(""), Ok(ObjectsChoice::Directory));
        assert_eq!(objects("--store aws"), Ok(ObjectsChoice::Nowhere));
        assert_eq!(objects("--store aws --bucket books"), bucket(None));
        let remote = format!("--dynamodb-endpoint {url}");
        assert_eq!(objects(&remote), Ok(ObjectsChoice::Nowhere));
        assert_eq!(objects(&format!("{remote} --bucket books")), bucket(Some(url)));
        assert_eq!(objects(&format!("{remote} --bucket books --store aws")), bucket(None));
        let elsewhere = "--bucket books --s3-endpoint http://127.0.0.1:9000";
        let there = bucket(Some("http://127.0.0.1:9000"));
        assert_eq!(objects(&format!("{remote} {elsewhere}")), there);
        assert_eq!(objects(&format!("--store aws {elsewhere}")), there);
        assert_eq!(objects("--bucket books"), Err(Contradiction::Bucket));
        assert_eq!(objects(&format!("--s3-endpoint {url}")), Err(Contradiction::NoBucket));
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("30m", 1_800), ("24h", 86_400)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "h", "24", "-1h", "1.5h", "1w", "18446744073709551615d", "1é"] {
            assert!(duration(text).unwrap_err().contains("such as"), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for arguments in [
            ["--address", "nowhere"],
            ["--allowed-host", "https://books.example"],
            ["--allowed-origin", "books.example"],
            ["--actor", "   "],
            ["--dynamodb-endpoint", "localhost"],
            ["--store", "floppy"],
            ["--bucket", ""],
            ["--cached-heads", "0"],
            ["--colour", "red"],
            ["verify", "--root=3"],
        ] {
            let error = Cli::try_parse_from(["daybook"].iter().chain(&arguments)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }
}
