//! Generates the browser's JavaScript and WASM.
//!
//! `bindgen PROGRAM.wasm DIRECTORY` does the same as
//! `wasm-bindgen --target web --no-typescript --out-name daybook`.
//!
//! The crate `wasm-bindgen-cli` also contains a test runner and an HTTP client, which take longer
//! to compile than everything here.

use std::path::PathBuf;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (program, directory) = (arguments.next().zip(arguments.next()))
        .context("usage: bindgen PROGRAM.wasm DIRECTORY")?;
    Bindgen::new()
        .input_path(program)
        .web(true)?
        .typescript(false)
        .out_name("daybook")
        .generate(directory)
}
