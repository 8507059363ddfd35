//! A release build embeds the site (`src/site.rs`), so a file that comes or goes there is a reason to build.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads the site from disk; naming a folder that may be missing would rebuild it for ever.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../target/site");
    }
}
