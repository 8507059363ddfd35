//! The texts of the screens, in words and figures. Pure: no clock, no locale.

mod figures;
mod isolated;
mod remedy;
mod when;

pub use figures::{capitalized, grouped, signed, stated};
pub use isolated::{Part, isolated, parts};
pub use remedy::remedy;
pub use when::{clock_time, exact, local, local_date, long_date, minute, relative};
