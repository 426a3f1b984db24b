//! The parts of the tour that run wherever dormouse does: async functions with timers, and what they measure. The
//! program in `main.rs` runs them on every executor, and adds file descriptors. The page in `web/` runs them in a browser.

mod polls;
pub mod timers;
#[cfg(target_family = "wasm")]
pub mod web;
