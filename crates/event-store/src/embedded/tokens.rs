//! The tokens by which a transaction that is sent again is known.
//!
//! The engine's own memory of them is searched through at each transaction, and cannot tell what was rolled
//! back together with others.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use dynoxide::actions::transact_write_items::TransactWriteItem;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// DynamoDB remembers a token for ten minutes.
const WINDOW: Duration = Duration::from_secs(600);
/// The most tokens that are kept, at some hundred bytes each. The SDK repeats a transaction within seconds.
const LIMIT: usize = 65_536;

/// A hash of what a transaction asks for.
pub(super) type RequestHash = [u8; 32];

/// The memory of transactions by their `ClientRequestToken`.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    durable: HashMap<String, RequestHash>,
    by_age: VecDeque<(Instant, String)>,
    /// Those of the group that is not committed yet.
    pending: Vec<(String, RequestHash)>,
}

/// A token that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// With the same request.
    Same,
    /// With another request.
    Other,
}

/// The hash of what a transaction asks for, whatever the order in which attributes are listed.
pub(super) fn request_hash(items: &[TransactWriteItem]) -> RequestHash {
    let mut hasher = Sha256::new();
    // What cannot be written as JSON has not been read from it.
    hash_sorted(&mut hasher, &serde_json::to_value(items).unwrap_or_default());
    hasher.finalize().into()
}

/// Hashes objects in the order of their keys, which `Value` keeps only when no crate in the build asks serde_json
/// for another.
fn hash_sorted(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            hasher.update([b'{']);
            for (name, value) in entries {
                hasher.update(name.len().to_be_bytes());
                hasher.update(name);
                hash_sorted(hasher, value);
            }
            hasher.update([b'}']);
        }
        Value::Array(values) => {
            hasher.update([b'[']);
            values.iter().for_each(|value| hash_sorted(hasher, value));
            hasher.update([b']']);
        }
        plain => hasher.update(plain.to_string()),
    }
}

impl Tokens {
    pub(super) fn seen(&self, token: &str, hash: &RequestHash) -> Option<Seen> {
        let pending = self.pending.iter().find(|(known, _)| known == token).map(|(_, hash)| hash);
        let known = pending.or_else(|| self.durable.get(token))?;
        Some(if known == hash { Seen::Same } else { Seen::Other })
    }

    /// Remembers the token, provided that its group is committed.
    pub(super) fn remember(&mut self, token: String, hash: RequestHash) {
        self.pending.push((token, hash));
    }

    /// The group is durable.
    pub(super) fn keep(&mut self) {
        let now = Instant::now();
        for (token, hash) in self.pending.drain(..) {
            self.by_age.push_back((now, token.clone()));
            self.durable.insert(token, hash);
        }
        while let Some((since, _)) = self.by_age.front()
            && (self.by_age.len() > LIMIT || now.duration_since(*since) > WINDOW)
            && let Some((_, token)) = self.by_age.pop_front()
        {
            self.durable.remove(&token);
        }
    }

    /// The group was rolled back.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
    }
}
