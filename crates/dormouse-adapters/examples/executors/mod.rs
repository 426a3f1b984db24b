//! The executors of the examples. dormouse gets no parameter for them.

use std::error::Error;
use std::process::ExitCode;

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// Runs an example on tokio, on smol, and without an executor: in `dormouse::block_on`.
pub(crate) fn on_each_executor(run: impl AsyncFn() -> Outcome) -> ExitCode {
    match try_each_executor(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err}");
            ExitCode::FAILURE
        }
    }
}

fn try_each_executor(run: impl AsyncFn() -> Outcome) -> Outcome {
    println!("on tokio:");
    tokio::runtime::Runtime::new()?.block_on(run())?;
    println!("on smol:");
    smol::block_on(run())?;
    println!("in dormouse::block_on:");
    dormouse::block_on(run())
}
