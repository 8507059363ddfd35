//! The program as the operating system sees it.

mod ahead;
mod connections;
mod doctor;
mod full_disk;
mod gone;
#[cfg(feature = "otel")]
mod otel;
mod others;
mod outage;
mod overflow;
mod private;
mod rebuild;
mod reconcile;
mod replaced;
mod run;
mod sample;
mod sealed;
mod start;
mod stop;
mod transfer;
mod verify;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// A server in a process of its own. Killed when dropped.
pub(crate) struct Daybook {
    process: Child,
    pub(crate) address: SocketAddr,
    log: Option<thread::JoinHandle<String>>,
}

/// The program, with nothing from this process's environment that could mean something to it.
pub(crate) fn daybook(data: &Path) -> Command {
    listening_on("127.0.0.1:0", data)
}

/// The same, on an address of one's choice.
pub(crate) fn listening_on(address: &str, data: &Path) -> Command {
    make_private(data);
    let program = std::env::var_os("DAYBOOK_BINARY");
    let mut command = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_daybook").into()));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DAYBOOK_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE").env("USER", "Pat");
    command.arg("--data").arg(data).args(["--address", address]);
    command
}

/// Closes a directory that `tempdir` made to others, as a data directory should be.
fn make_private(directory: &Path) {
    let is_as_made = |found: &fs::Metadata| found.permissions().mode() & 0o777 == 0o755;
    if fs::metadata(directory).is_ok_and(|found| is_as_made(&found)) {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// That it does not start: one line that says all of this, the exit code, and nothing else.
#[track_caller]
pub(crate) fn assert_refuses(command: &mut Command, exit_code: i32, says: &[&str]) {
    let Output { status, stdout, stderr } = run(command);
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(exit_code), "{stderr}");
    assert_eq!(String::from_utf8(stdout).unwrap(), "");
    let told: Vec<_> = stderr.lines().filter(|line| !line.contains(" INFO ")).collect();
    let [line] = told[..] else { panic!("not one line: {stderr}") };
    assert!(line.starts_with("daybook: "), "{line}");
    for word in says {
        assert!(line.contains(word), "`{word}` is not in: {line}");
    }
}

impl Daybook {
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = process.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim_end().strip_prefix("Daybook is ready at http://") else {
            let _ = process.kill();
            panic!("`{line}`: {}", log.join().unwrap());
        };
        let address = address.parse().unwrap();
        Self { process, address, log: Some(log) }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        request(self.address, "GET", path, "").unwrap()
    }

    /// Asks until it is ready: the store has a second for each answer, which may be short.
    pub(crate) fn until_ready(&self) {
        for _ in 0..60 {
            if self.get("/readyz").status == 200 {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not become ready: {:?}", self.get("/readyz"));
    }

    /// Asks for a stream of events: what comes after the head of the answer.
    pub(crate) fn follow(&self, path: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        reader
    }

    pub(crate) fn command(&self, command: &Value) -> Reply {
        request(self.address, "POST", "/api/v1/commands", &command.to_string()).unwrap()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("kill -{name} \"$0\""), &self.process.id().to_string()]);
        assert!(shell.status().unwrap().success());
    }

    /// Waits for its end: the exit code, if it was not killed, and its log.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let status = self.process.wait().unwrap();
        (status.code(), self.log.take().unwrap().join().unwrap())
    }

    /// Stops it as a supervisor would.
    #[track_caller]
    pub(crate) fn stop(self) -> String {
        self.signal("TERM");
        let (code, log) = self.wait();
        assert_eq!(code, Some(0), "{log}");
        log
    }
}

impl Drop for Daybook {
    fn drop(&mut self) {
        // Fails when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came back over the socket.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// One request on a connection of its own.
pub(crate) fn request(
    to: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(to)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )?;
    // A server that has heard enough answers while the rest is still on its way.
    let _ = stream.write_all(body.as_bytes());
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let broken = || std::io::Error::other(format!("no answer: {text}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let head = head.to_lowercase();
    let body = match head.contains("transfer-encoding: chunked") {
        true => joined(body).ok_or_else(broken)?,
        false => body.to_owned(),
    };
    Ok(Reply { status: status.ok_or_else(broken)?, head, body })
}

/// The chunks of a body (RFC 9112, 7.1) up to the last, which is empty.
fn joined(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, rest) = chunks.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..length)?);
        chunks = rest.get(length..)?.strip_prefix("\r\n")?;
    }
}
