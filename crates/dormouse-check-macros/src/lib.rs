//! The attribute of `dormouse-check`, where it is documented: use it from there.
//!
//! A test is taken apart (`attributes`, `awaits`) and put together again once for each executor (`expand`). What
//! the expansion calls is `dormouse_check::__private`, which also knows the executors that are compiled in.

mod attributes;
mod awaits;
mod executor;
mod expand;
mod options;

use proc_macro::TokenStream;

#[allow(missing_docs, reason = "dormouse-check documents it where it exports it")]
#[proc_macro_attribute]
pub fn every_executor(options: TokenStream, test: TokenStream) -> TokenStream {
    expand::expand(options.into(), test.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
