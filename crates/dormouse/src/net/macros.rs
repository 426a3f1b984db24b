//! The methods that several types of [`net`](super) have.
//!
//! Each type is a tuple struct around an `AsyncFd`. A macro adds methods to one of them. Its example is a list of hidden
//! doc-test lines that bind `socket`, a value of the type that is readable and writable as far as the type can be.
//! `socket!` takes lines that bind `inner` instead, the object of std.
//!
//! | macro | for |
//! |---|---|
//! | `socket!` | every type around a type of std, with `handle!` |
//! | `handle!` | every type |
//! | `owned_fd!` | the types that std does not have |
//! | `readable!`, `writable!` | the types with that direction, also halves |
//! | `stream_read!`, `stream_write!` | byte streams, also halves |
//! | `datagram!` | datagram sockets |
//! | `halves!` | byte streams that can be split |
//! | `option!` | an option of std or of `socket2` |

#[macro_use]
mod handle;
#[macro_use]
mod halves;
#[macro_use]
mod option;
#[macro_use]
mod owned_fd;
#[macro_use]
mod socket;
#[macro_use]
mod stream;
#[macro_use]
mod datagram;
