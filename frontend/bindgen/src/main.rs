//! `bindgen PROGRAM.wasm DIRECTORY`: what `wasm-bindgen --target web --no-typescript --out-name daybook` does.
//!
//! The crate `wasm-bindgen-cli` would bring a test runner and an HTTP client along, which take longer to compile
//! than all of this.

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
