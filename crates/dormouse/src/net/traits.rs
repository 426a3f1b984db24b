//! The [traits](crate::io#reading-and-writing) for asynchronous reading and writing, for the streams.

#[cfg(unix)]
mod unix;

use super::{TcpStream, tcp};
use crate::io::traits::{impl_read, impl_write};

impl_read!([] TcpStream);
impl_read!([] & TcpStream);
impl_read!([] tcp::ReadHalf<'_>);
impl_read!([] tcp::OwnedReadHalf);

impl_write!([] TcpStream);
impl_write!([] & TcpStream);
impl_write!([] tcp::WriteHalf<'_>);
impl_write!([] tcp::OwnedWriteHalf);
