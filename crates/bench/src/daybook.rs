//! The release binary as a user runs it, on a data directory of its own.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::wire::CommandAccepted;
use domain::inventory_item::InventoryItemCommand;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::Error;

pub(crate) struct Daybook {
    child: Child,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    /// The time from spawning the process until `/readyz` answers 200.
    pub(crate) ready_after: Duration,
}

/// The resources that a process uses.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// Bytes of resident memory now.
    pub(crate) resident: u64,
    /// The most bytes of resident memory so far.
    pub(crate) peak: u64,
    /// Time on all cores.
    pub(crate) processor: Duration,
}

impl Daybook {
    pub(crate) async fn start(binary: &Path, data: &Path) -> Result<Self, Error> {
        Self::started(Command::new(binary), data).await
    }

    /// Starts the server with a limit of this many open files.
    pub(crate) async fn start_with_files(
        binary: &Path,
        data: &Path,
        files: u64,
    ) -> Result<Self, Error> {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}")).arg(binary);
        Self::started(command, data).await
    }

    async fn started(mut command: Command, data: &Path) -> Result<Self, Error> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        let started = Instant::now();
        let mut child = command
            .args(["serve", "--address", &format!("127.0.0.1:{port}"), "--log", "json", "--data"])
            .arg(data)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        while started.elapsed() < Duration::from_secs(300) {
            if let Some(status) = child.try_wait()? {
                return Err(Error::Daybook(format!("ended while starting: {status}")));
            }
            let answer = http.get(format!("{url}/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                let ready_after = started.elapsed();
                return Ok(Self { child, url, http, ready_after });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(Error::Daybook("was not ready after five minutes".into()))
    }

    /// Imports an export into a new data directory.
    pub(crate) async fn import(binary: &Path, data: &Path, export: &Path) -> Result<(), Error> {
        let mut command = Command::new(binary);
        command.arg("import").arg(export).arg("--data").arg(data);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().await?;
        if status.success() { Ok(()) } else { Err(Error::Daybook(format!("import: {status}"))) }
    }

    /// The address that the server listens on.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Reads the resources that the process uses.
    pub(crate) fn usage(&self) -> Result<Usage, Error> {
        let missing = |what: &str| Error::Daybook(format!("/proc does not report {what}"));
        let pid = self.child.id().ok_or_else(|| missing("a process that has ended"))?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes =
                line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            kibibytes.map(|kibibytes| kibibytes * 1024).ok_or_else(|| missing(name))
        };
        // Fields 14 and 15 of proc_pid_stat(5), counted from behind the name, in hundredths of a
        // second.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields = stat.rsplit_once(") ").ok_or_else(|| missing("times"))?.1;
        let ticks =
            fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
        let processor = Duration::from_millis(ticks.sum::<u64>() * 10);
        Ok(Usage { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")?, processor })
    }

    /// Sends one command. Returns the time that the answer took, and the answer.
    pub(crate) async fn command(
        &self,
        item: Uuid,
        command: &InventoryItemCommand,
    ) -> Result<(Duration, CommandAccepted), Error> {
        let request = serde_json::json!({
            "command_id": Uuid::now_v7(),
            "aggregate": { "kind": "inventory-item", "id": item },
            "command": command,
        });
        let sent = Instant::now();
        let answer =
            self.http.post(format!("{}/api/v1/commands", self.url)).json(&request).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        let took = sent.elapsed();
        if !status.is_success() {
            return Err(Error::Daybook(format!("{status}: {}", String::from_utf8_lossy(&body))));
        }
        Ok((took, serde_json::from_slice(&body)?))
    }

    /// Counts the change sets of an item by paging through them.
    pub(crate) async fn count_change_sets(&self, item: Uuid) -> Result<u64, Error> {
        let (mut count, mut after) = (0, Some(0));
        while let Some(version) = after {
            let url = format!(
                "{}/api/v1/aggregates/inventory-item/{item}/change-sets?after={version}&limit=1000",
                self.url
            );
            let page: serde_json::Value =
                self.http.get(url).send().await?.error_for_status()?.json().await?;
            count += page["change_sets"].as_array().map_or(0, |sets| sets.len() as u64);
            after = page["next"].as_u64();
        }
        Ok(count)
    }

    /// Kills the process (SIGKILL).
    pub(crate) async fn kill(mut self) -> Result<(), Error> {
        self.child.kill().await?;
        Ok(())
    }

    /// Kills the process if this is its last owner. Otherwise the last one kills it when dropped.
    pub(crate) async fn end(self: Arc<Self>) -> Result<(), Error> {
        match Arc::into_inner(self) {
            Some(daybook) => daybook.kill().await,
            None => Ok(()),
        }
    }

    /// Asks the process to stop, and waits until it has ended.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        }
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { Err(Error::Daybook(format!("ended with {status}"))) }
    }
}
