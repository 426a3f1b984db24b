//! The executors under test: two of tokio, and two outside it.

use std::future::Future;
use std::pin::Pin;
use tokio::runtime::Builder;

/// A future that each of them can run.
pub type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An executor, by name.
#[derive(Clone, Copy, Debug)]
pub struct Executor {
    /// Its name in the output.
    pub name: &'static str,
    /// Runs a future to completion.
    pub run: fn(Body),
}

/// All of them. The feature `smol` selects async-io as the reactor on smol, instead of the builtin one.
pub const EXECUTORS: [Executor; 4] = [
    Executor { name: "tokio current_thread", run: tokio_current_thread },
    Executor { name: "tokio multi_thread", run: tokio_multi_thread },
    Executor { name: if cfg!(feature = "smol") { "smol" } else { "smol, builtin" }, run: smol },
    Executor { name: "block_on, builtin", run: |body| dormouse::block_on(body) },
];

fn tokio_current_thread(body: Body) {
    Builder::new_current_thread().enable_io().build().expect("a runtime").block_on(body);
}

fn tokio_multi_thread(body: Body) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(runtime.spawn(body)).expect("no panic");
}

fn smol(body: Body) {
    smol::block_on(smol::spawn(body));
}
