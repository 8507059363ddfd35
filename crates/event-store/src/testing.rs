//! Support for tests of domains and stores: given/when/then scenarios, the conformance suite that
//! every store has to pass, and stores broken on purpose, which show that the suite can fail.

pub mod broken;
pub mod conformance;
mod noise;
pub mod scenario;

pub use noise::noise;
