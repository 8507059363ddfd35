//! The sample company: a bicycle workshop with a shop, ninety days of it.

mod command_line;
mod load;
pub mod plan;

pub use command_line::sample;
pub use load::SampleCompany;
