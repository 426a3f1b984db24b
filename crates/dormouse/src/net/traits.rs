//! The [traits](crate::io#reading-and-writing) for asynchronous reading and writing, for the streams.

use super::{PipeReader, PipeWriter, TcpStream, UnixStream, tcp, unix};
use crate::io::traits::{impl_read, impl_write};

impl_read!([] TcpStream);
impl_read!([] & TcpStream);
impl_read!([] tcp::ReadHalf<'_>);
impl_read!([] tcp::OwnedReadHalf);
impl_read!([] UnixStream);
impl_read!([] & UnixStream);
impl_read!([] unix::ReadHalf<'_>);
impl_read!([] unix::OwnedReadHalf);
impl_read!([] PipeReader);
impl_read!([] & PipeReader);

impl_write!([] TcpStream);
impl_write!([] & TcpStream);
impl_write!([] tcp::WriteHalf<'_>);
impl_write!([] tcp::OwnedWriteHalf);
impl_write!([] UnixStream);
impl_write!([] & UnixStream);
impl_write!([] unix::WriteHalf<'_>);
impl_write!([] unix::OwnedWriteHalf);
impl_write!([] PipeWriter);
impl_write!([] & PipeWriter);
