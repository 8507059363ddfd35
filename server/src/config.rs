//! What can be told to the program: flags, each with an environment variable of the same meaning.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::limits::line;

use crate::kinds::CACHED_HEADS;

const EXAMPLES: &str = "\
Examples:
  daybook                                          serve on http://127.0.0.1:3000, data in ./data
  daybook serve --address 0.0.0.0:8080 --data /var/lib/daybook
  daybook sample                                   load a small company's ninety days, then serve it
  daybook --dynamodb-endpoint http://127.0.0.1:8000
  daybook --store aws --table daybook              the AWS account of the environment
  daybook export books.jsonl                       everything, one change set a line
  daybook import books.jsonl --store aws           the same, in another store

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
    /// events. One that was stopped goes on where it was
    Verify {
        /// Begin at the start, whatever was checked before
        #[arg(long)]
        afresh: bool,
    },
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
    /// The table; created when missing
    #[arg(
        long,
        env = "DAYBOOK_TABLE",
        value_name = "NAME",
        default_value = "daybook",
        global = true,
        hide_env_values = true
    )]
    pub table: String,
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

/// Settings that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--store embedded and --dynamodb-endpoint contradict each other: leave one of them out")]
pub struct Contradiction;

impl Settings {
    /// Which store it is.
    ///
    /// # Errors
    /// When an endpoint is given for the embedded store.
    pub fn store(&self) -> Result<StoreChoice, Contradiction> {
        match (self.store, self.dynamodb_endpoint.clone()) {
            (Some(StoreKind::Embedded), Some(_)) => Err(Contradiction),
            (Some(StoreKind::Embedded) | None, None) => Ok(StoreChoice::Embedded),
            (None, Some(url)) => Ok(StoreChoice::Endpoint(url)),
            (Some(StoreKind::Aws), endpoint) => Ok(StoreChoice::Aws(endpoint)),
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
        assert_eq!(settings(&embedded).store(), Err(Contradiction));
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for arguments in [
            ["--address", "nowhere"],
            ["--actor", "   "],
            ["--dynamodb-endpoint", "localhost"],
            ["--store", "floppy"],
            ["--cached-heads", "0"],
            ["--colour", "red"],
        ] {
            let error = Cli::try_parse_from(["daybook"].iter().chain(&arguments)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }
}
