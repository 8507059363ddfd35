//! For the tests of domains and stores: given/when/then, the conformance suite that every store has to
//! pass, and stores broken on purpose, which show that it can be failed.

pub mod broken;
pub mod conformance;
mod noise;
pub mod scenario;

pub use noise::noise;
