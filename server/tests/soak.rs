//! The program under load: killed again and again, and as several processes on one table. Short in
//! `make test`; `make soak` is long.

mod books;
mod call;
mod crash;
mod ledger;
#[cfg(target_os = "linux")]
mod power_cut;
mod race;

/// What this variable says, or else this.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// The seed that this variable says, or else a new one. Shown when the test fails.
fn seed(variable: &str) -> u64 {
    let seed = number(variable, rand::random());
    println!("{variable}={seed}");
    seed
}
