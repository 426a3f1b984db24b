#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod drive;
mod event;
mod every_executor;
mod executors;
mod finding;
mod hook;
mod json;
mod kind;
mod panics;
mod patience;
mod probes;
mod process;
mod report;
mod run;
mod stage;
mod subject;
mod task;
mod timeline;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[doc = include_str!("../docs/writing-a-future.md")]
pub mod guide {}

#[doc = include_str!("every_executor/attribute.md")]
pub use dormouse_check_macros::every_executor;

pub use check::{Check, check, check_local, check_stream, check_stream_local};
pub use event::{event, local_event};
pub use finding::Finding;
pub use kind::Kind;
pub use report::Report;
