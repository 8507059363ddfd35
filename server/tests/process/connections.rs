//! Connection limits, and the warning about an address beyond loopback.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;

use super::{Daybook, daybook, listening_on};

/// The program under limits on open files, as `ulimit` sets them.
fn limited(data: &Path, soft: u64, hard: u64) -> Command {
    let daybook = daybook(data);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -Sn {soft}; ulimit -Hn {hard}; exec \"$0\" \"$@\"")]);
    shell.arg(daybook.get_program()).args(daybook.get_args());
    let set = |(name, value): (&OsStr, Option<&OsStr>)| Some((name.to_owned(), value?.to_owned()));
    shell.envs(daybook.get_envs().filter_map(set));
    shell
}

#[test]
fn the_limit_on_open_files_is_raised_and_connections_stay_below_it() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut limited(data.path(), 220, 300));
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.process.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let figures: Vec<_> = files.split_whitespace().filter(|word| *word == "300").collect();
    assert_eq!(figures.len(), 2, "{files}");
    // 192 files are reserved for the store, the lists and the AWS clients.
    let connect = || TcpStream::connect(server.address).unwrap();
    let seated: Vec<_> = (0..108).map(|_| connect()).collect();
    let reply = server.get("/healthz");
    assert_eq!((reply.status, &reply.json()["code"]), (503, &"unavailable".into()), "{reply:?}");
    drop(seated);
    server.until_ready();
    let log = server.stop();
    assert!(log.contains("the limit of open files is low"), "{log}");
}

#[test]
fn a_server_that_other_machines_can_reach_warns_about_it() {
    let proxy = ["--trust-proxy-header", "Remote-User", "--trusted-proxy", "192.0.2.7"];
    for (address, arguments, warns) in [
        ("0.0.0.0:0", &[][..], true),
        ("127.0.0.1:0", &[], false),
        // Everybody but the proxy is refused.
        ("0.0.0.0:0", &proxy, false),
    ] {
        let data = tempdir().unwrap();
        let log = Daybook::start(listening_on(address, data.path()).args(arguments)).stop();
        assert_eq!(log.contains("put a proxy with a login in front of it"), warns, "{log}");
    }
}
