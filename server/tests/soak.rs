//! The program under load: kills, power cuts, and several processes on one table. `make test`
//! runs these tests briefly, `make soak` at length.

mod books;
mod call;
mod crash;
mod ledger;
#[cfg(target_os = "linux")]
mod power_cut;
mod race;

/// The number in this environment variable, or `otherwise`.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// The seed in this environment variable, or a random one. Printed, so that a failed test shows it.
fn seed(variable: &str) -> u64 {
    let seed = number(variable, rand::random());
    println!("{variable}={seed}");
    seed
}
