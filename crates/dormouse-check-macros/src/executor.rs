//! The executors that the options name.

use proc_macro2::{Ident, Span};
use std::fmt::Write;
use syn::{Error, Path, Result};

/// An executor that a test runs on.
pub(crate) enum Executor {
    BuiltIn(BuiltIn),
    /// A function of the user that runs a future to completion.
    Function(Path),
}

impl Executor {
    /// The name of the generated test.
    pub(crate) fn test_name(&self) -> String {
        match self {
            Executor::BuiltIn(built_in) => built_in.name.to_owned(),
            Executor::Function(path) => {
                path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
            }
        }
    }
}

/// An executor of dormouse-check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    /// The feature of dormouse-check that compiles it in.
    pub(crate) feature: Option<&'static str>,
}

pub(crate) const BUILT_IN: [BuiltIn; 8] = [
    BuiltIn { name: "tokio_multi_thread", feature: Some("tokio") },
    BuiltIn { name: "tokio_current_thread", feature: Some("tokio") },
    BuiltIn { name: "smol", feature: Some("smol") },
    BuiltIn { name: "async_std", feature: Some("async-std") },
    BuiltIn { name: "futures_local_pool", feature: Some("futures") },
    BuiltIn { name: "futures_thread_pool", feature: Some("futures") },
    BuiltIn { name: "pollster", feature: Some("pollster") },
    BuiltIn { name: "std", feature: None },
];

/// The executor that requires `Send` futures.
pub(crate) const THREAD_POOL: &str = "futures_thread_pool";

impl BuiltIn {
    pub(crate) fn named(ident: &Ident) -> Result<BuiltIn> {
        BUILT_IN.into_iter().find(|executor| ident == executor.name).ok_or_else(|| {
            let mut names = String::new();
            for (number, executor) in BUILT_IN.iter().enumerate() {
                let comma = if number == 0 { "" } else { ", " };
                let _ = write!(names, "{comma}`{}`", executor.name);
            }
            Error::new(
                ident.span(),
                format!(
                    "unknown executor `{ident}`; expected one of {names}. A function that runs a future goes into \
                     `executors = [...]`"
                ),
            )
        })
    }

    /// The macro in `dormouse_check::__private` that keeps the tests of this executor if it is compiled in.
    pub(crate) fn cfg_macro(self, span: Span) -> Option<Ident> {
        self.feature.map(|feature| Ident::new(&feature.replace('-', "_"), span))
    }
}
