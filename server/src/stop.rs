//! Being told to stop.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// 128 and the number of SIGINT, as shells say it.
const FORCED: i32 = 130;

/// Whether this process was told to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for SIGTERM and SIGINT from here on: the first is a request, a second one ends the
    /// process there and then.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            either(&mut terminate, &mut interrupt).await;
            tracing::info!("stopping: what is in flight is finished first; a second signal forces");
            tell.send_replace(true);
            either(&mut terminate, &mut interrupt).await;
            process::exit(FORCED);
        });
        Ok(Self(told))
    }

    /// Returns once there was a request.
    pub(crate) async fn requested(mut self) {
        // An error would mean that nobody listens any more, which only the end of the runtime brings.
        let _ = self.0.wait_for(|told| *told).await;
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
