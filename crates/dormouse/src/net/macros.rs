//! The methods that several types of [`net`](super) have.
//!
//! Each type is a tuple struct around an `AsyncFd`, except for the halves, which refer to such a type. (`TcpSocket` is
//! around a socket of `socket2`, and has only options.) A macro adds methods to one of them. The object in the examples
//! has a name that tells its kind, such as `stream`, and the lines that create it come from `example_set_up!`, or from the call.
//!
//! | macro | for |
//! |---|---|
//! | `socket!` | every type around a type of std, with `handle!` |
//! | `handle!` | every type around an `AsyncFd` |
//! | `owned_fd!` | the types that std does not have |
//! | `readable!`, `writable!` | what waits for one direction: part of the macros below, and listeners |
//! | `stream_read!`, `stream_write!` | byte streams, also halves |
//! | `datagram!`, `datagram_from!` | sockets that preserve message boundaries, and those that have no connection |
//! | `read_buf!`, `write_buf!`, `recv_buf!`, `recv_buf_from!` | the feature `bytes`: part of the two rows above |
//! | `halves!`, `half!` | byte streams that can be split |
//! | `option!` | an option of `socket2` |

#[macro_use]
mod examples;
#[cfg_attr(not(feature = "bytes"), path = "macros/bytes/absent.rs")]
#[macro_use]
mod bytes;
#[macro_use]
mod handle;
#[macro_use]
mod halves;
#[macro_use]
mod option;
#[cfg(unix)]
#[macro_use]
mod owned_fd;
#[macro_use]
mod socket;
#[macro_use]
mod stream;
#[macro_use]
mod datagram;
