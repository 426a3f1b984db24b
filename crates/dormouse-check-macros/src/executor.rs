//! The names of the executors: as an option says them, which are also the names of the tests.

use proc_macro2::Ident;
use std::fmt::Write;
use syn::{Error, Result};

/// An executor that a test can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Executor {
    pub(crate) name: &'static str,
    /// The macro of `dormouse_check::__private` that keeps its tests if it is compiled in.
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

/// The one that is always compiled in.
pub(crate) const STD: Executor = Executor { name: "std", feature: "std_only" };

/// The one that takes nothing but futures that are `Send`.
pub(crate) const THREAD_POOL: &str = "futures_thread_pool";

impl Executor {
    pub(crate) fn named(ident: &Ident) -> Result<Executor> {
        ALL.into_iter().find(|executor| ident == executor.name).ok_or_else(|| {
            let mut names = String::new();
            for (number, executor) in ALL.iter().enumerate() {
                let comma = if number == 0 { "" } else { ", " };
                let _ = write!(names, "{comma}`{}`", executor.name);
            }
            Error::new(ident.span(), format!("no executor is called `{ident}`; there are {names}"))
        })
    }
}
