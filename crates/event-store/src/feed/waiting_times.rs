use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time within which commits count as waiting since the same moment.
const MOMENT: Duration = Duration::from_millis(50);
/// The number of moments that are told apart. The last one absorbs whatever comes after it.
const MOMENTS: usize = 1_000;

/// The waiting times of unsettled commits: for each moment, its time and the number of commits that
/// had been put into the inbox at its end.
#[derive(Debug, Default)]
pub(super) struct WaitingTimes(VecDeque<(u64, Instant)>);

impl WaitingTimes {
    pub(super) fn put(&mut self, committed: u64, settled: u64, now: Instant) {
        self.forget(settled);
        let is_full = self.0.len() >= MOMENTS;
        match self.0.back_mut() {
            Some((upto, since)) if is_full || now.duration_since(*since) < MOMENT => {
                *upto = committed.max(*upto);
            }
            _ => self.0.push_back((committed, now)),
        }
    }

    pub(super) fn oldest(&mut self, settled: u64) -> Option<Instant> {
        self.forget(settled);
        self.0.front().map(|(_, since)| *since)
    }

    fn forget(&mut self, settled: u64) {
        while self.0.pop_front_if(|(upto, _)| *upto <= settled).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_commit_waits_until_it_is_settled_however_many_follow() {
        let (mut waiting, begun) = (WaitingTimes::default(), Instant::now());
        assert_eq!(waiting.oldest(0), None);
        let at = |moment: u32| begun + MOMENT * moment;
        for number in 1..=3000 {
            waiting.put(number.into(), 0, at(number));
        }
        assert_eq!(waiting.oldest(0), Some(at(1)));
        assert_eq!(waiting.oldest(1), Some(at(2)));
        // The last moment absorbs those after it.
        assert_eq!(waiting.oldest(999), Some(at(1000)));
        assert_eq!(waiting.oldest(2999), Some(at(1000)));
        assert_eq!(waiting.oldest(3000), None);
        waiting.put(3001, 3000, at(3001));
        waiting.put(3002, 3000, at(3001) + MOMENT / 2);
        assert_eq!(waiting.oldest(3001), Some(at(3001)), "both commits of one moment wait");
        assert_eq!(waiting.oldest(3002), None);
    }
}
