use std::fmt;
use std::str::FromStr;

use event_store::Hash;
use event_store::feed::FeedHead;

/// The number and the hash of a feed batch, such as `3:9f86d081…`, which pin the whole feed up to
/// that batch. A root that is kept out of reach of everybody who can reach the store proves later
/// that nothing was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The number of the batch, from 1.
    pub batch: u64,
    /// The hash of the batch.
    pub hash: Hash,
}

/// A text that is not a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a batch number (from 1) and its hash, such as 3:9f86d081…, as `daybook verify` prints them"
)]
pub struct InvalidRoot;

impl Root {
    /// Returns the root of a feed with this head; `None` for an empty feed.
    pub(super) fn of(head: FeedHead) -> Option<Self> {
        let FeedHead { batch, hash, .. } = head;
        (batch > 0).then_some(Self { batch, hash })
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.batch, self.hash)
    }
}

impl FromStr for Root {
    type Err = InvalidRoot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (batch, hash) = text.split_once(':').ok_or(InvalidRoot)?;
        let batch = batch.parse().ok().filter(|batch| *batch > 0).ok_or(InvalidRoot)?;
        // Accepts upper case: the hash may have been typed from paper.
        let hash = hash.to_ascii_lowercase().parse().map_err(|_| InvalidRoot)?;
        Ok(Self { batch, hash })
    }
}

/// The way in which the feed lost a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RootLost {
    #[error("batch {} of the feed is gone: the feed was cut off and ends with batch {newest}", root.batch)]
    CutOff { root: Root, newest: u64 },
    #[error("batch {} of the feed is not the one that was published: its hash is {hash}", root.batch)]
    Rewritten { root: Root, hash: Hash },
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_root_is_read_as_it_is_written() {
        let root = Root { batch: 3, hash: Hash::ZERO };
        assert_eq!(root.to_string().parse::<Root>().unwrap(), root);
        let hash: Hash = "ab".repeat(32).parse().unwrap();
        assert_eq!(format!("3:{}", "AB".repeat(32)).parse(), Ok(Root { batch: 3, hash }));
        let zeros = "0".repeat(64);
        for text in ["", "3", "3:", ":", "3:0", "-1:", &zeros] {
            assert_eq!(text.parse::<Root>(), Err(InvalidRoot), "{text}");
        }
        for batch in ["0", "x", ""] {
            assert_eq!(format!("{batch}:{zeros}").parse::<Root>(), Err(InvalidRoot), "{batch}");
        }
    }
}
