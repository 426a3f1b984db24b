//! The `#[every_executor]` attribute. Use it from `dormouse-check`, which re-exports and documents it.
//!
//! `options` parses the arguments of the attribute, `attributes` distributes the other attributes of the test, `awaits`
//! rewrites its body, and `expand` generates a test for each executor. The expansion calls `dormouse_check::__private`,
//! which also keeps or drops the tests of each executor depending on the enabled features.

mod attributes;
mod awaits;
mod executor;
mod expand;
mod options;

use proc_macro::TokenStream;

#[allow(missing_docs, reason = "documented at the re-export in dormouse-check")]
#[proc_macro_attribute]
pub fn every_executor(options: TokenStream, test: TokenStream) -> TokenStream {
    expand::expand(options.into(), test.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
