//! For the streams that only Unix has.

use crate::io::traits::{impl_read, impl_write};
use crate::net::{PipeReader, PipeWriter, UnixStream, unix};

impl_read!([] UnixStream);
impl_read!([] & UnixStream);
impl_read!([] unix::ReadHalf<'_>);
impl_read!([] unix::OwnedReadHalf);
impl_read!([] PipeReader);
impl_read!([] & PipeReader);

impl_write!([] UnixStream);
impl_write!([] & UnixStream);
impl_write!([] unix::WriteHalf<'_>);
impl_write!([] unix::OwnedWriteHalf);
impl_write!([] PipeWriter);
impl_write!([] & PipeWriter);
