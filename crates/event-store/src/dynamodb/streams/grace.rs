use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::{AggregateId, Version};

/// What was heard of, for as long as it is left to whoever has written it.
#[derive(Debug)]
pub(super) struct Grace {
    period: Duration,
    /// In the order in which their time is over.
    given: VecDeque<(Instant, AggregateId, Version)>,
}

impl Grace {
    pub(super) fn of(period: Duration) -> Self {
        Self { period, given: VecDeque::new() }
    }

    pub(super) fn give(&mut self, aggregate: AggregateId, version: Version) {
        self.given.push_back((Instant::now() + self.period, aggregate, version));
    }

    /// When it is over for the next one.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.given.front().map(|(end, ..)| *end)
    }

    /// The next one for which it is over.
    pub(super) fn over(&mut self) -> Option<(AggregateId, Version)> {
        let over = self.given.pop_front_if(|(end, ..)| *end <= Instant::now());
        over.map(|(_, aggregate, version)| (aggregate, version))
    }
}
