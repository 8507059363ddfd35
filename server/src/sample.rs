//! The sample company: ninety days of a bicycle workshop with a shop.

mod command_line;
mod load;
pub mod plan;

pub use command_line::sample;
pub use load::SampleCompany;
