//! Reading and writing, for whatever std reads and writes through a shared reference: connections, pipes,
//! terminals.

use crate::io::{AsyncFd, Interest};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::AsFd;

impl<T: AsFd> AsyncFd<T>
where
    for<'a> &'a T: Read,
{
    /// Reads some bytes, as soon as there are any, and returns how many. 0 is the end.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixStream;
    /// # dormouse::block_on(async {
    /// let (ours, theirs) = UnixStream::pair()?;
    /// theirs.write(b"hello").await?;
    /// drop(theirs);
    /// let mut buffer = [0; 16];
    /// assert_eq!(ours.read(&mut buffer).await?, 5);
    /// assert_eq!(ours.read(&mut buffer).await?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of read(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// A read that is dropped has read nothing.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |mut fd| fd.read(buffer)).await
    }

    /// Like [`read`](Self::read), into several buffers, one after the other.
    ///
    /// # Errors
    /// Those of readv(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// A read that is dropped has read nothing.
    pub async fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |mut fd| fd.read_vectored(buffers)).await
    }
}

impl<T: AsFd> AsyncFd<T>
where
    for<'a> &'a T: Write,
{
    /// Writes some bytes, as soon as there is room for any, and returns how many. It may be fewer than
    /// there are.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixStream;
    ///
    /// async fn write_all(stream: &UnixStream, mut bytes: &[u8]) -> std::io::Result<()> {
    ///     while !bytes.is_empty() {
    ///         bytes = &bytes[stream.write(bytes).await?..];
    ///     }
    ///     Ok(())
    /// }
    /// # dormouse::block_on(async {
    /// # let (ours, _theirs) = UnixStream::pair()?;
    /// # write_all(&ours, b"hello").await
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of write(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// A write that is dropped has written nothing.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.async_io(Interest::WRITABLE, |mut fd| fd.write(bytes)).await
    }

    /// Like [`write`](Self::write), from several buffers, one after the other.
    ///
    /// # Errors
    /// Those of writev(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// A write that is dropped has written nothing.
    pub async fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.async_io(Interest::WRITABLE, |mut fd| fd.write_vectored(buffers)).await
    }
}
