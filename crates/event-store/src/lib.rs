//! An event store on DynamoDB in which nothing is ever overwritten.
//!
//! The crate has two concepts. An [`Aggregate`] is one consistency boundary: a kind, an id, a
//! version. A [`ChangeSet`] is everything one command did to one aggregate: the command, its
//! events, who, when, and a hash that chains it to the previous change set. The k-th change set of
//! an aggregate has version k, without gaps.
//!
//! The core (this crate without features) is pure: it uses no clock, no randomness and no I/O. It
//! compiles to `wasm32-unknown-unknown`, so a browser replays and verifies with the same code that
//! the server decides with.
//!
//! | feature | adds |
//! |---|---|
//! | `handler` | [`handler::CommandHandler`]: decide, append, fold in the winner of a conflict, decide again |
//! | `feed` | [`feed::Feed`]: the sequencer, reading the feed from any position, subscriptions |
//! | `dynamodb` | [`dynamodb::DynamoDbStore`], a store on `aws-sdk-dynamodb` |
//! | `streams` | [`dynamodb::streams`]: the tail that follows a table's stream into the feed |
//! | `embedded` | [`embedded`]: a DynamoDB in this process, on a file or in memory; objects in a directory |
//! | `s3` | [`objects::S3Objects`]: S3 storage for bodies that are too large for an item |
//! | `testing` | [`testing`]: given/when/then, the conformance suite for stores, stores broken on purpose |
//!
//! No feature is on by default. `handler` does not need DynamoDB: it works with any [`Store`].
//!
//! # Where to start
//!
//! | to | look at |
//! |---|---|
//! | write a domain | [`Aggregate`], and `testing::scenario` for its tests |
//! | handle commands | `handler::CommandHandler`, and `handler::transact` for several aggregates at once |
//! | show a history | [`Store::change_sets`] for its pages, [`Replay`] for the state at any version |
//! | prove a history | [`verify`], [`verify_chain`] |
//! | change the shape of an event or a command | [`Upcaster`] |
//! | write a store | [`MemoryStore`], which is one page, and `testing::conformance` |
//!
//! `examples/bank.rs` has accounts, a transfer, a timeline and the proof in one file.
//!
//! # Errors
//!
//! Three types, because callers handle them differently. A refusal by the domain
//! ([`Aggregate::Rejection`]) and a conflict with another writer are outcomes (`handler::Outcome`).
//! A store that is unavailable, refuses a request or finds its data altered returns a
//! [`StoreError`]. After [`StoreError::Unavailable`] the same command may be retried under the same
//! id, whether or not it was written.
//!
//! # Tracing
//!
//! The crate emits `tracing` spans of target `event_store` and level DEBUG, each with an `outcome`:
//!
//! | span | around | outcomes |
//! |---|---|---|
//! | `command` | one command, including the wait for its turn | `accepted`, `duplicate`, `rejected`, `conflict`, `command-id-reused`, `no-change` |
//! | `transaction` | several commands, accepted together or not at all | `accepted`, `refused`, `same-aggregate`, `different-stores` |
//! | `decide` | the domain's answer, as of a `version` | `accepted`, `rejected`, `conflict`, `no-change` |
//! | `load` | reading a history | `loaded` |
//! | `append` | writing one change set, or several | `written`, `again`, `taken` |
//! | `sequence` | writing one batch of the feed | `written`, `taken` |
//! | `request` | one request to DynamoDB, with the capacity it consumed | `done`, `condition_failed`, `busy`, `unknown`, `refused` |
//!
//! A store failure sets the outcome of every span but `decide` and `request` to `unavailable`,
//! `full`, `corrupt`, `newer`, `too-large`, `refused` or `failed`.
//!
//! # Example
//!
//! ```
//! use event_store::{Aggregate, Context};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, Default, Serialize, Deserialize)]
//! struct Account { balance: i64 }
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(tag = "type", content = "data")]
//! enum Command { Deposit { amount: i64 }, Withdraw { amount: i64 } }
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(tag = "type", content = "data")]
//! enum Event { Deposited { amount: i64 }, Withdrawn { amount: i64 } }
//!
//! #[derive(Clone, Debug, PartialEq, thiserror::Error)]
//! #[error("the balance is {balance}, which does not cover {amount}")]
//! struct Overdrawn { balance: i64, amount: i64 }
//!
//! impl Aggregate for Account {
//!     const KIND: &'static str = "account";
//!     type Command = Command;
//!     type Event = Event;
//!     type Rejection = Overdrawn;
//!
//!     fn decide(&self, command: &Command, _: &Context) -> Result<Vec<Event>, Overdrawn> {
//!         match *command {
//!             Command::Deposit { amount } => Ok(vec![Event::Deposited { amount }]),
//!             Command::Withdraw { amount } if amount > self.balance => {
//!                 Err(Overdrawn { balance: self.balance, amount })
//!             }
//!             Command::Withdraw { amount } => Ok(vec![Event::Withdrawn { amount }]),
//!         }
//!     }
//!
//!     fn evolve(mut self, event: &Event) -> Self {
//!         match event {
//!             Event::Deposited { amount } => self.balance += amount,
//!             Event::Withdrawn { amount } => self.balance -= amount,
//!         }
//!         self
//!     }
//! }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod aggregate;
mod chain;
mod change_set;
mod command_index;
pub mod feed;
#[cfg(any(feature = "embedded", feature = "feed", feature = "handler"))]
pub mod full_disk;
mod head;
mod id;
mod memory;
mod replay;
mod snapshot;
#[cfg(any(feature = "dynamodb", feature = "feed", feature = "handler"))]
mod spans;
mod store;
mod timestamp;
mod upcast;

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "handler")]
pub mod handler;
#[cfg(feature = "dynamodb")]
pub mod objects;
#[cfg(feature = "testing")]
pub mod testing;

pub use aggregate::{Aggregate, Context};
pub use chain::{ChainBreak, Hash, InvalidHash, verify_chain};
pub use change_set::{ChangeSet, Content, DecodeError, Tagged};
pub use command_index::{CommandIndex, Lookup, SKEW_ALLOWANCE_MS};
pub use feed::FeedBreak;
pub use head::{ApplyError, Head};
pub use id::{AggregateId, InvalidAggregateId, InvalidKind, Kind, LAST_VERSION, Version};
pub use memory::MemoryStore;
pub use replay::{Reason, Replay, ReplayError, Verification, Verifier, verify};
pub use snapshot::Snapshot;
pub use store::{
    Appended, AppendedAll, BODY_LIMIT, Keys, Loaded, PAGE_BYTES, Page, Reach, Store, StoreError,
    TOGETHER,
};
pub use timestamp::Timestamp;
pub use upcast::{UpcastError, Upcaster};

/// The examples of the README, which are compiled and run like any other.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
