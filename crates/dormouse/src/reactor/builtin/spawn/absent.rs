//! In place of `spawn/linux.rs` on other systems. A new thread of theirs may run on any processor, or on those of the
//! thread that starts it.

pub(crate) fn use_processors_of_main_thread() {}
