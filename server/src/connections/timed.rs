//! A connection that ends when its client makes no progress.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::Limits;

/// The state of a connection between requests and responses, set by the service.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    arrived: AtomicBool,
    answering: AtomicBool,
}

impl Exchange {
    /// Marks the head of a request as read.
    pub(super) fn begin(&self) {
        self.answering.store(true, Ordering::Relaxed);
        self.arrived.store(true, Ordering::Relaxed);
    }

    /// Marks the response as begun.
    pub(super) fn end(&self) {
        self.answering.store(false, Ordering::Relaxed);
    }
}

/// A stream with two deadlines: one for a request head, one for a client that stops reading.
#[derive(Debug)]
pub(super) struct TimedStream {
    stream: TcpStream,
    exchange: Arc<Exchange>,
    /// Runs while a head is incomplete.
    head: Deadline,
    /// Runs while the client does not take the bytes to write.
    stalled: Deadline,
}

#[derive(Debug)]
struct Deadline {
    after: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn stopped(after: Duration) -> Self {
        Self { after, running: None }
    }

    fn start_unless_running(&mut self) {
        let after = self.after;
        self.running.get_or_insert_with(|| Box::pin(sleep(after)));
    }

    fn stop(&mut self) {
        self.running = None;
    }

    fn has_passed(&mut self, context: &mut Context<'_>) -> bool {
        self.running.as_mut().is_some_and(|sleep| sleep.as_mut().poll(context).is_ready())
    }
}

impl TimedStream {
    pub(super) fn new(stream: TcpStream, exchange: Arc<Exchange>, limits: Limits) -> Self {
        let mut head = Deadline::stopped(limits.head);
        head.start_unless_running();
        Self { stream, exchange, head, stalled: Deadline::stopped(limits.stalled) }
    }

    /// Returns the result of a write, or `TimedOut` once the client has not read for too long.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled.stop();
            return written;
        }
        self.stalled.start_unless_running();
        if self.stalled.has_passed(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.exchange.arrived.swap(false, Ordering::Relaxed) {
            self.head.stop();
        }
        // Bytes that arrived in time count, even if the runtime polls late.
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() && self.head.has_passed(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(read)?;
        // While a request is being answered, incoming bytes belong to its body.
        if !self.exchange.answering.load(Ordering::Relaxed) {
            self.head.start_unless_running();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
