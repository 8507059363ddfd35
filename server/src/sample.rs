//! The sample company: ninety days of a bicycle workshop with a shop.

mod load;
pub mod plan;

pub use load::{SampleCompany, SampleDesk};
