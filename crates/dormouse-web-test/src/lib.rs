//! Tests of the library in browsers and in Node.js. `scripts/web` compiles and runs them.
//!
//! Each exported function is a test, named after the promise that it keeps. It runs in an instance of the module of its
//! own, on the executor of wasm-bindgen-futures. It fails if it panics, and may return a line to print. `host` is what
//! `run.mjs` offers: timeouts that can be counted and called early, and clocks that can be set.
//!
//! `cargo test` ignores this crate: it is empty on other targets.

#![cfg(target_family = "wasm")]
#![expect(unreachable_pub, reason = "wasm-bindgen exports public functions")]

mod clocks;
mod host;
mod spawn;
mod tasks;
mod timers;
mod virtual_time;
