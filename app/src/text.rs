//! The texts of the screens, in words and figures. Pure: no clock, no locale.

mod figures;
mod isolated;
mod refusal;
mod remedy;
mod sentence;
mod story;
mod when;

pub use figures::{grouped, signed, stated};
pub use isolated::{Part, isolated, parts};
pub use refusal::refusal;
pub use remedy::remedy;
pub use sentence::{done, removal_reason, sentence, sentences};
pub use story::story;
pub use when::{clock_time, exact, local, local_date, long_date, minute, relative};
