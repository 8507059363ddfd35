//! The program as a process: arguments, output, signals, files and exit codes.

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

/// A server in its own process, killed when dropped.
pub(crate) struct Daybook {
    process: Child,
    pub(crate) address: SocketAddr,
    log: Option<thread::JoinHandle<String>>,
}

/// The program, without variables of this process's environment that could affect it.
pub(crate) fn daybook(data: &Path) -> Command {
    listening_on("127.0.0.1:0", data)
}

/// The same program, listening on this address.
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

/// Makes a directory from `tempdir` inaccessible to other users, as a data directory should be.
fn make_private(directory: &Path) {
    let is_as_made = |found: &fs::Metadata| found.permissions().mode() & 0o777 == 0o755;
    if fs::metadata(directory).is_ok_and(|found| is_as_made(&found)) {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// Runs the command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// Asserts that the command exits with this code and prints one line that contains all of `says`.
/// It may print lines at level `INFO` before, and nothing else.
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
    /// Starts the server and waits until it prints that it is ready.
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

    /// Polls until the server is ready. The store has one second for each answer, which may be too
    /// short on a busy machine.
    pub(crate) fn until_ready(&self) {
        for _ in 0..60 {
            if self.get("/readyz").status == 200 {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not become ready: {:?}", self.get("/readyz"));
    }

    /// Opens a stream of events and returns its content, without the head of the answer.
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
        // Use the shell's builtin, because not every machine has a program named `kill`.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("kill -{name} \"$0\""), &self.process.id().to_string()]);
        assert!(shell.status().unwrap().success());
    }

    /// Waits for the server to exit. Returns its exit code, or `None` if it was killed, and its
    /// log.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let status = self.process.wait().unwrap();
        (status.code(), self.log.take().unwrap().join().unwrap())
    }

    /// Stops the server as a supervisor would, and returns its log.
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
        // Fails if the process has exited by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A reply, read from the socket.
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

/// Sends one request on its own connection.
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
    // The server may answer and close before it has read the whole body.
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

/// Joins the chunks of a body (RFC 9112, section 7.1) up to the last one, which is empty.
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
