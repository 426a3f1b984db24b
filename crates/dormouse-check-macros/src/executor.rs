//! The names of the executors, which the options accept and the generated tests are named after.

use proc_macro2::Ident;
use std::fmt::Write;
use syn::{Error, Result};

/// An executor that a test can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Executor {
    pub(crate) name: &'static str,
    /// The macro in `dormouse_check::__private` that keeps the executor's tests if its feature is enabled.
    pub(crate) feature: &'static str,
}

pub(crate) const ALL: [Executor; 8] = [
    Executor { name: "tokio_multi_thread", feature: "tokio" },
    Executor { name: "tokio_current_thread", feature: "tokio" },
    Executor { name: "smol", feature: "smol" },
    Executor { name: "async_std", feature: "async_std" },
    Executor { name: "futures_local_pool", feature: "futures" },
    Executor { name: "futures_thread_pool", feature: "futures" },
    Executor { name: "pollster", feature: "pollster" },
    STD,
];

/// The executor that is always compiled in.
pub(crate) const STD: Executor = Executor { name: "std", feature: "std_only" };

/// The executor that requires `Send` futures.
pub(crate) const THREAD_POOL: &str = "futures_thread_pool";

impl Executor {
    pub(crate) fn named(ident: &Ident) -> Result<Executor> {
        ALL.into_iter().find(|executor| ident == executor.name).ok_or_else(|| {
            let mut names = String::new();
            for (number, executor) in ALL.iter().enumerate() {
                let comma = if number == 0 { "" } else { ", " };
                let _ = write!(names, "{comma}`{}`", executor.name);
            }
            Error::new(ident.span(), format!("unknown executor `{ident}`; expected one of {names}"))
        })
    }
}
