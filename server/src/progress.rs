//! The progress of a command-line command: a moving line on a terminal, else occasional log lines.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// The count between two log lines.
const LOG_EVERY: u64 = 100_000;

/// Counts finished work of unknown total. The line disappears when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    what: &'static str,
    done: AtomicU64,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts to count, from what was done before.
    pub(crate) fn counting(what: &'static str, done: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {pos} {msg}, {per_sec}");
            ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
                .with_message(what)
                .with_position(done)
        });
        Self { what, done: done.into(), bar }
    }

    pub(crate) fn advance(&self, by: u64) {
        let before = self.done.fetch_add(by, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => bar.inc(by),
            None if before / LOG_EVERY < (before + by) / LOG_EVERY => {
                tracing::info!(done = before + by, "{}", self.what);
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
