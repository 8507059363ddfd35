//! Other event stores on DynamoDB beside ours: the same work on the same kind of engine, behind the
//! same SDK, counted at the same place. Each is used as its own documentation shows.

mod adapter;
mod bare;
mod contender;
mod correctness;
mod costs;
mod cqrs;
mod network;
mod ours;
mod speeds;
mod stock;
mod tables;
mod tokens;

use std::time::Duration;

use crate::Error;

pub(crate) async fn run(rounds: u32, time: Duration) -> Result<(), Error> {
    costs::run().await?;
    correctness::run().await?;
    speeds::run(rounds, time).await
}
