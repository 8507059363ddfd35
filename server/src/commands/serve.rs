//! The `daybook serve` command, from the open data directory to the last response.

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
use crate::http::{Callers, Reach};
use crate::live::Live;
use crate::open::{DataDirectory, OpenDesk};
use crate::routes::{Host, router};
use crate::site::Site;
use crate::stop::Stop;
use crate::telemetry::metrics;

/// The time for connections to end after a request to stop. Commands may take even longer.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// The pause before a retry when the store has refused.
const REFUSED: Duration = Duration::from_secs(5);

/// Serves until told to stop.
///
/// # Errors
/// The reason why it cannot start.
pub async fn serve(settings: &Settings, site: Site) -> Result<(), Failure> {
    let callers = settings.callers()?;
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
                    // The missing permission may be granted at any moment.
                    Err(error @ StoreError::Refused(_)) => {
                        tracing::error!(%error, "commands are accepted, but the lists are not available yet");
                        sleep(REFUSED).await;
                    }
                    Err(error) => {
                        return tracing::error!(
                            %error,
                            "commands are accepted, but the lists are not available; `daybook verify` says what is wrong"
                        );
                    }
                }
            }
        }
    });
    let keeping_up = tokio::spawn(metrics::keep_up(metrics.clone()));
    if matches!(callers, Callers::Lone(_)) && !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "everyone who reaches this address can read and write all records: put a proxy with a login in front of it (--trust-proxy-header)"
        );
    }
    let (hosts, origins) = (settings.allowed_hosts.clone(), settings.allowed_origins.clone());
    let reach = Reach::new(address, hosts, origins);
    let host =
        Host { desk: open.desk.clone(), live: Live::default(), metrics, reach, callers, site };
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

/// Answers requests until told to stop, then lets those in flight finish.
async fn serve_on(listener: TcpListener, host: Host, stop: Stop) {
    let told_to_stop = {
        let (stop, live) = (stop.clone(), host.live.clone());
        async move {
            stop.requested().await;
            // Live streams have no end of their own: waiting for them would be in vain.
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

/// Prints the one line on standard output, for people and for scripts that wait for it. A reader
/// that is gone is no reason to stop.
fn announce(address: SocketAddr) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "Daybook is ready at http://{address}");
    let _ = stdout.flush();
}
