//! `daybook serve`: from the open data directory to the last answer.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use event_store::StoreError;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::Failure;
use crate::config::Settings;
use crate::connections::{self, Limits};
use crate::desk::FrontDesk;
use crate::http::Reach;
use crate::live::Live;
use crate::open::{DataDirectory, OpenDesk};
use crate::routes::{Host, router};
use crate::site::Site;
use crate::stop::Stop;
use crate::telemetry::metrics;

/// How long connections may take to end once told to stop. Commands are waited for after that, too.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Before a store is asked again that has refused.
const REFUSED: Duration = Duration::from_secs(5);

/// Serves until told to stop.
///
/// # Errors
/// Why it cannot start.
pub async fn serve(settings: &Settings, site: Site) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::open(&settings.data)?;
    let listener = listen(settings.address).await?;
    let address = listener.local_addr()?;
    let metrics = metrics::collect();
    let open = tokio::select! {
        open = OpenDesk::open(settings, directory) => open?,
        () = stop.clone().requested() => return Ok(()),
    };

    let catching_up = tokio::spawn({
        let desk = open.desk.clone();
        async move {
            loop {
                match desk.lists().catch_up().await {
                    Ok(()) => {
                        warn_of_times_to_come(&desk).await;
                        return announce(address);
                    }
                    // A permission may be given any moment.
                    Err(error @ StoreError::Refused(_)) => {
                        tracing::error!(%error, "commands are taken, but no lists are given yet");
                        sleep(REFUSED).await;
                    }
                    Err(error) => {
                        return tracing::error!(
                            %error,
                            "commands are taken, but no lists are given; `daybook verify` says what is wrong"
                        );
                    }
                }
            }
        }
    });
    let keeping_up = tokio::spawn(metrics::keep_up(metrics.clone()));
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "everyone who reaches this address can read and write all records: put a proxy with a login before it"
        );
    }
    let (hosts, origins) = (settings.allowed_hosts.clone(), settings.allowed_origins.clone());
    let reach = Reach::new(address, hosts, origins);
    let host = Host { desk: open.desk.clone(), live: Live::default(), metrics, reach, site };
    serve_on(listener, host, stop).await;
    catching_up.abort();
    keeping_up.abort();
    open.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|source| Failure::Listen { address, source })
}

/// Answers requests until told to stop, and then those that have come.
async fn serve_on(listener: TcpListener, host: Host, stop: Stop) {
    let told_to_stop = {
        let (stop, live) = (stop.clone(), host.live.clone());
        async move {
            stop.requested().await;
            // What has no end of its own would be waited for in vain.
            live.stop();
        }
    };
    let limits = Limits::default().within_open_files();
    let serving = connections::serve(listener, router(host), limits, told_to_stop);
    let out_of_patience = async {
        stop.requested().await;
        sleep(STOP_PATIENCE).await;
    };
    tokio::select! {
        () = serving => {}
        () = out_of_patience => tracing::warn!("some connections do not end; they are dropped"),
    }
}

/// Warns when changes are recorded at times that the clock has not reached.
async fn warn_of_times_to_come(desk: &FrontDesk) {
    match desk.ahead_of_clock().await {
        Ok(ahead) if ahead.is_remarkable() => tracing::warn!(
            %ahead,
            "the latest change was recorded ahead of this machine's clock: a clock is or was wrong. Until the clock \
             catches up, new changes to such a record are dated with its latest time"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "recorded times could not be compared with the clock"),
    }
}

/// The one line on standard output, for people and for scripts that wait for it. When nobody reads it,
/// that is no reason to stop.
fn announce(address: SocketAddr) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "Daybook is ready at http://{address}");
    let _ = stdout.flush();
}
