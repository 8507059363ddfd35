use std::future::Future;
use std::{io, thread};

use tokio::sync::oneshot;

use crate::Failure;

/// Runs work that may wait for another process, such as a read of a pipe, on a thread of its own.
/// The work begins at once. Unlike the runtime's threads for blocking work, this thread does not
/// keep the process alive when the caller stops waiting.
pub(crate) fn on_own_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> impl Future<Output = Result<T, Failure>> {
    let (done, result) = oneshot::channel();
    let thread = thread::Builder::new().spawn(move || {
        // The caller may have stopped waiting.
        let _ = done.send(work());
    });
    async move {
        thread?;
        let panicked = || io::Error::other("the thread that reads or writes the lines panicked");
        result.await.unwrap_or_else(|_| Err(panicked().into()))
    }
}
