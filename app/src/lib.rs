//! The user interface: pages, components and the server functions behind them.

#[expect(unreachable_pub, reason = "leptos gives each component a hidden public twin")]
mod app;
mod browser;
pub mod chart;
#[expect(unreachable_pub, reason = "leptos gives each component a hidden public twin")]
pub mod components;
pub mod kind;
#[expect(unreachable_pub, reason = "leptos gives each component a hidden public twin")]
pub mod kinds;
pub mod listing;
#[expect(unreachable_pub, reason = "leptos gives each component a hidden public twin")]
pub mod pages;
pub mod record;
#[cfg_attr(
    feature = "ssr",
    expect(unreachable_pub, reason = "leptos gives each server function a hidden public twin")
)]
pub mod server_functions;
#[cfg(feature = "ssr")]
mod shell;
pub mod task_form;
pub mod text;
pub mod views;
mod waking;

pub use app::App;
#[cfg(feature = "ssr")]
pub use shell::{Files, shell};
pub use waking::wake;
