use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::{AggregateId, Version};

/// Change sets from the stream that are still left to their own writers.
#[derive(Debug)]
pub(super) struct Grace {
    period: Duration,
    /// In the order in which their periods end.
    given: VecDeque<(Instant, AggregateId, Version)>,
}

impl Grace {
    pub(super) fn of(period: Duration) -> Self {
        Self { period, given: VecDeque::new() }
    }

    pub(super) fn give(&mut self, aggregate: AggregateId, version: Version) {
        self.given.push_back((Instant::now() + self.period, aggregate, version));
    }

    /// Returns the end of the next change set's period.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.given.front().map(|(end, ..)| *end)
    }

    /// Removes and returns the next change set whose period is over.
    pub(super) fn over(&mut self) -> Option<(AggregateId, Version)> {
        let over = self.given.pop_front_if(|(end, ..)| *end <= Instant::now());
        over.map(|(_, aggregate, version)| (aggregate, version))
    }
}
