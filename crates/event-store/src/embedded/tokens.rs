//! Idempotency tokens, by which a retried transaction is recognised.
//!
//! The engine's own token cache does not fit group commit. The engine scans the whole cache at each
//! transaction, and the cache cannot drop the tokens of a group that was rolled back.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use dynoxide::actions::transact_write_items::TransactWriteItem;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// DynamoDB remembers a token for ten minutes.
const WINDOW: Duration = Duration::from_secs(600);
/// The maximum number of tokens kept, at a few hundred bytes each. The SDK retries a transaction
/// within seconds.
const LIMIT: usize = 65_536;

/// A SHA-256 hash of the items of a transaction.
pub(super) type RequestHash = [u8; 32];

/// The transactions carried out recently, by their `ClientRequestToken`.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    durable: HashMap<String, RequestHash>,
    by_age: VecDeque<(Instant, String)>,
    /// Tokens of the group that is not committed yet.
    pending: Vec<(String, RequestHash)>,
}

/// A token that was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// With the same request.
    Same,
    /// With a different request.
    Other,
}

/// Hashes the items of a transaction. The order in which attributes are listed does not affect the
/// hash.
pub(super) fn request_hash(items: &[TransactWriteItem]) -> RequestHash {
    let mut hasher = Sha256::new();
    // These items were parsed from JSON, so writing them as JSON does not fail.
    hash_sorted(&mut hasher, &serde_json::to_value(items).unwrap_or_default());
    hasher.finalize().into()
}

/// Hashes the entries of objects in the order of their keys. A `Value` keeps that order only while
/// no crate in the build enables `preserve_order` of serde_json.
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
    pub(super) fn seen(&mut self, token: &str, hash: &RequestHash, now: Instant) -> Option<Seen> {
        self.expire(now);
        let pending = self.pending.iter().find(|(known, _)| known == token).map(|(_, hash)| hash);
        let known = pending.or_else(|| self.durable.get(token))?;
        Some(if known == hash { Seen::Same } else { Seen::Other })
    }

    /// Remembers the token if its group is committed.
    pub(super) fn remember(&mut self, token: String, hash: RequestHash) {
        self.pending.push((token, hash));
    }

    /// Keeps the group's tokens, as the group is durable.
    pub(super) fn keep(&mut self, now: Instant) {
        for (token, hash) in self.pending.drain(..) {
            self.by_age.push_back((now, token.clone()));
            self.durable.insert(token, hash);
        }
        self.expire(now);
    }

    fn expire(&mut self, now: Instant) {
        while let Some((since, _)) = self.by_age.front()
            && (self.by_age.len() > LIMIT || now.duration_since(*since) > WINDOW)
            && let Some((_, token)) = self.by_age.pop_front()
        {
            self.durable.remove(&token);
        }
    }

    /// Drops the group's tokens, as the group was rolled back.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_for_ten_minutes() {
        let (mut tokens, begun) = (Tokens::default(), Instant::now());
        tokens.remember("a-token".to_owned(), [1; 32]);
        tokens.keep(begun);
        assert_eq!(tokens.seen("a-token", &[1; 32], begun + WINDOW), Some(Seen::Same));
        let later = begun + WINDOW + Duration::from_millis(1);
        assert_eq!(tokens.seen("a-token", &[1; 32], later), None);
    }
}
