use std::future::Future;
use std::{io, thread};

use tokio::sync::oneshot;

use crate::Failure;

/// Does on a thread of its own what may wait for another process, such as a read of a pipe. It begins at
/// once. Whoever stops waiting for it can end: unlike what runs on the runtime's threads for blocking,
/// this goes with the process.
pub(super) fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> impl Future<Output = Result<T, Failure>> {
    let (done, result) = oneshot::channel();
    let thread = thread::Builder::new().spawn(move || {
        // Nobody may want to know any more.
        let _ = done.send(work());
    });
    async move {
        thread?;
        let panicked = || io::Error::other("what reads or writes the lines has failed");
        result.await.unwrap_or_else(|_| Err(panicked().into()))
    }
}
