use serde::{Deserialize, Serialize};

use crate::{AggregateId, CommandIndex, Hash, Kind, Timestamp, Version};

/// The state after a version, kept to shorten loads. It may be deleted at any time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The aggregate.
    #[serde(skip, default = "nobody")]
    pub aggregate: AggregateId,
    /// The version it was taken after.
    pub version: Version,
    /// The hash of that version's change set.
    pub hash: Hash,
    /// [`crate::Aggregate::STATE_SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// `recorded_at` of version 1.
    pub created_at: Timestamp,
    /// `recorded_at` of this version.
    pub updated_at: Timestamp,
    /// The state.
    pub state: serde_json::Value,
    /// The commands that the aggregate has taken.
    pub commands: CommandIndex,
}

fn nobody() -> AggregateId {
    AggregateId::new(Kind::from_static("nobody"), uuid::Uuid::nil())
}
