//! The memory, the connections and the time that strangers can take from the server.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};
use uuid::Uuid;

use crate::Error;
use crate::connection::Connection;
use crate::daybook::Daybook;
use crate::latency::{Latencies, Millis};
use crate::work::{self, History};

/// The time for memory to settle after the last connection has ended.
const SETTLING: Duration = Duration::from_secs(10);
/// Commands a second that people send meanwhile, over as many connections as [`CLERKS`].
const RATE: u32 = 100;
const CLERKS: u32 = 4;

pub(crate) async fn run(binary: &Path, change_sets: u64) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let export = directory.path().join("export.jsonl");
    let item = write_export(&export, change_sets)?;
    Daybook::import(binary, &data, &export).await?;
    println!("| what strangers do, to a history of {change_sets} change sets | |");
    println!("|---|---|");
    readers_that_do_not_read(binary, &data).await?;
    silent_connections(binary, &data).await?;
    verifications(binary, &data, item).await?;
    consumers(binary, &data).await?;
    println!();
    Ok(())
}

/// Writes an export of one item with so long a history.
fn write_export(path: &Path, change_sets: u64) -> Result<Uuid, Error> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut history = History::default();
    for _ in 0..change_sets {
        serde_json::to_writer(&mut file, &history.grow()?)?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    Ok(history.head.aggregate().id)
}

async fn readers_that_do_not_read(binary: &Path, data: &Path) -> Result<(), Error> {
    let daybook = Daybook::start(binary, data).await?;
    let before = daybook.usage()?;
    let request = "GET /api/v1/feed?limit=1000 HTTP/1.1\r\nhost: localhost\r\n\
                   accept-encoding: gzip, br\r\n\r\n";
    let readers = many(&daybook, 500, request).await;
    sleep(Duration::from_secs(15)).await;
    let during = daybook.usage()?;
    drop(readers);
    sleep(SETTLING).await;
    let after = daybook.usage()?;
    println!("| memory before | {} |", Mebibytes(before.resident));
    println!(
        "| 500 readers of 1 000 entries that do not read, peak | {} |",
        Mebibytes(during.peak)
    );
    println!("| 10 s after they are gone | {} |", Mebibytes(after.resident));
    daybook.kill().await
}

async fn silent_connections(binary: &Path, data: &Path) -> Result<(), Error> {
    let daybook = Daybook::start_with_files(binary, data, 1024).await?;
    let connections = many(&daybook, 1100, "").await;
    sleep(Duration::from_secs(2)).await;
    let answer = timeout(Duration::from_secs(5), status_of(&daybook, "/readyz")).await;
    let answer = answer.map_or_else(|_| "none within 5 s".to_owned(), |status| status.to_string());
    println!("| 1 100 silent connections at 1 024 open files: the answer to another | {answer} |");
    println!("| of those, open after 30 s | {} |", open_after_30_s(connections).await);
    daybook.kill().await?;

    let daybook = Daybook::start(binary, data).await?;
    let halves = many(&daybook, 500, "GET / HTTP/1.1\r\nhost: local").await;
    println!("| 500 half-sent headers: open after 30 s | {} |", open_after_30_s(halves).await);
    daybook.kill().await
}

async fn verifications(binary: &Path, data: &Path, item: Uuid) -> Result<(), Error> {
    let daybook = Arc::new(Daybook::start(binary, data).await?);
    let before = daybook.usage()?;
    let mut asking = JoinSet::new();
    let began = Instant::now();
    for _ in 0..50 {
        let daybook = Arc::clone(&daybook);
        asking.spawn(async move {
            let path = format!("/api/v1/aggregates/inventory-item/{item}/verification");
            status_of(&daybook, &path).await
        });
    }
    let working = tokio::spawn(work_for(Arc::clone(&daybook), Duration::from_secs(10)));
    let mut answers = BTreeMap::new();
    while let Some(status) = asking.join_next().await {
        *answers.entry(status?).or_insert(0_u32) += 1;
    }
    let took = began.elapsed();
    let mut latencies = working.await??;
    let processor = daybook.usage()?.processor - before.processor;
    let answers: Vec<_> =
        answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    println!("| 50 verifications at once: answers | {} |", answers.join(", "));
    println!("| until the last one, and processor time | {took:.1?}, {processor:.1?} |");
    println!("| {RATE} commands/s meanwhile, p99 | {} |", Millis(latencies.quantile(0.99)));
    println!("| the slowest | {} |", Millis(latencies.quantile(1.0)));
    daybook.end().await
}

async fn consumers(binary: &Path, data: &Path) -> Result<(), Error> {
    let daybook = Arc::new(Daybook::start(binary, data).await?);
    let request = "GET /api/v1/feed/live?after=0 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut following = JoinSet::new();
    for mut stream in many(&daybook, 500, request).await {
        following.spawn(async move {
            let mut told = vec![0; 64 * 1024];
            let mut bytes = 0;
            while let Ok(Ok(read @ 1..)) =
                timeout(Duration::from_secs(15), stream.read(&mut told)).await
            {
                bytes += read;
            }
            bytes
        });
    }
    let mut latencies = work_for(Arc::clone(&daybook), Duration::from_secs(10)).await?;
    let peak = daybook.usage()?.peak;
    following.abort_all();
    println!(
        "| 500 consumers from position 0, and {RATE} commands/s: p99 | {} |",
        Millis(latencies.quantile(0.99))
    );
    println!("| the slowest | {} |", Millis(latencies.quantile(1.0)));
    println!("| memory, peak | {} |", Mebibytes(peak));
    daybook.end().await
}

/// Opens connections that send this request and then do nothing. Refused connections are left out.
async fn many(daybook: &Daybook, count: usize, request: &str) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let connect = timeout(Duration::from_secs(2), TcpStream::connect(daybook.address())).await;
        if let Ok(Ok(mut stream)) = connect
            && stream.write_all(request.as_bytes()).await.is_ok()
        {
            streams.push(stream);
        }
    }
    streams
}

async fn open_after_30_s(streams: Vec<TcpStream>) -> usize {
    let mut waiting = JoinSet::new();
    for mut stream in streams {
        waiting.spawn(async move {
            let mut rest = Vec::new();
            timeout(Duration::from_secs(30), stream.read_to_end(&mut rest)).await.is_err()
        });
    }
    waiting.join_all().await.into_iter().filter(|is_open| *is_open).count()
}

async fn status_of(daybook: &Daybook, path: &str) -> String {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(120)).build();
    let Ok(http) = http else { return "no client".to_owned() };
    let answer = http.get(format!("{}{path}", daybook.url)).send().await;
    answer.map_or_else(|_| "none".to_owned(), |answer| answer.status().as_u16().to_string())
}

/// Sends commands at [`RATE`] and measures each from the moment it is due.
async fn work_for(daybook: Arc<Daybook>, time: Duration) -> Result<Latencies, Error> {
    let mut clerks = JoinSet::new();
    for _ in 0..CLERKS {
        let mut connection = Connection::open(&daybook).await?;
        clerks.spawn(async move {
            let item = Uuid::now_v7();
            connection.command(item, &work::create(item.as_u64_pair().1)).await?;
            let mut latencies = Latencies::default();
            let mut due = interval(Duration::from_secs(1) * CLERKS / RATE);
            let until = Instant::now() + time;
            let mut number = 0;
            while Instant::now() < until {
                let due = due.tick().await;
                connection.command(item, &work::check_in(number)).await?;
                latencies.push(due.elapsed());
                number += 1;
            }
            Ok::<_, Error>(latencies)
        });
    }
    let mut all = Latencies::default();
    while let Some(latencies) = clerks.join_next().await {
        all.extend(latencies??);
    }
    Ok(all)
}

struct Mebibytes(u64);

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.0 / 1024 / 1024)
    }
}
