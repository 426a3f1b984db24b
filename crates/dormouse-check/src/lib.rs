#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The layers, from top to bottom. A module imports only from layers below its own.
//
//   check, steps                              the public builder; polls by hand
//   probes                                    one module for each kind of misuse, and the order in which they run
//   driver, settings                          polls an instance, as a correct or a faulty executor does; the limits
//   instance, watchdog, waker_hook, report    one future under test; threads that can be abandoned; the result
//   child                                     a probe in a process of its own
//   task, finding, process                    wakers and their log; one defect; threads and descriptors, from /proc
//   timeline, kind, event, pollable, ...      leaves
//
// Beside them, `hostile` has futures for the check of a combinator, and `every_executor` runs async tests. The latter shares
// `executors` with one of the probes.

mod check;
mod child;
mod driver;
mod drop_point;
mod event;
mod every_executor;
mod executors;
mod finding;
#[cfg(any(feature = "futures-io", feature = "futures-sink", feature = "tokio"))]
mod finished;
mod first_polls;
pub mod hostile;
mod instance;
mod json;
mod kind;
mod panics;
mod pollable;
mod probes;
mod process;
mod report;
mod settings;
mod steps;
mod sync;
mod task;
mod timeline;
mod timeout;
mod waker_hook;
mod watchdog;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[doc = include_str!("../docs/writing-a-future.md")]
pub mod guide {}

// A page of dormouse's docs. Its examples are tested here, because they use both crates.
#[cfg(doctest)]
#[doc = include_str!("../docs/tutorial.md")]
mod tutorial {}

#[doc = include_str!("every_executor/attribute.md")]
pub use dormouse_check_macros::every_executor;

#[cfg(feature = "futures-sink")]
pub use check::check_sink;
pub use check::{Check, check, check_local, check_pair, check_stream, check_stream_local};
#[cfg(feature = "futures-io")]
pub use check::{check_duplex, check_read, check_write};
#[cfg(feature = "tokio")]
pub use check::{check_tokio_duplex, check_tokio_read, check_tokio_write};
pub use event::{event, local_event};
pub use finding::Finding;
#[cfg(any(feature = "futures-io", feature = "futures-sink", feature = "tokio"))]
pub use finished::Finished;
pub use kind::Kind;
pub use report::Report;
pub use steps::Steps;
