use event_store::Timestamp;
use uuid::{Builder, Uuid};

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). Written
/// out because the plan has to come out the same forever, and a crate's generator may change.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from `least` to `most`, each about equally often.
    pub(super) const fn between(&mut self, least: i64, most: i64) -> i64 {
        let values = most.abs_diff(least) + 1;
        least.saturating_add_unsigned(self.next() % values)
    }

    /// Returns `true` this many times in a thousand.
    pub(super) const fn permille(&mut self, times: i64) -> bool {
        self.between(1, 1000) <= times
    }

    /// Picks one of the values, each about equally often.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[self.index(N)]
    }

    /// Returns a place in a list of this length, which must not be empty.
    pub(super) const fn index(&mut self, length: usize) -> usize {
        (self.next() % length as u64) as usize
    }

    /// Returns a UUIDv7 of this moment.
    pub(super) fn id(&mut self, at: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        let millis = at.as_millis().unsigned_abs();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
