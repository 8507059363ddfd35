//! Requests to stop the process.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The exit code of a forced stop: 128 plus the number of SIGINT, as shells report it.
const FORCED: i32 = 130;

/// Receives the request to stop this process.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for SIGTERM and SIGINT from here on. The first signal is a request; a second one
    /// ends the process at once.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            either(&mut terminate, &mut interrupt).await;
            tracing::info!("stopping once work in flight is done; a second signal stops at once");
            tell.send_replace(true);
            either(&mut terminate, &mut interrupt).await;
            process::exit(FORCED);
        });
        Ok(Self(told))
    }

    pub(crate) async fn requested(mut self) {
        // An error means that the listening task is gone: the runtime has ended.
        let _ = self.0.wait_for(|told| *told).await;
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
