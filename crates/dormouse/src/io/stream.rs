//! Reading and writing for every `T` where `&T` implements std's `Read` or `Write`: stream sockets, pipes,
//! terminals. The streams of `net` and their halves call these functions.

use super::read::len_of_all;
use super::{AsSource, AsyncFd, Interest, send};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Read,
{
    /// Reads bytes as soon as some are available, and returns their number. 0 means end of file.
    ///
    /// If the buffer is empty, it returns 0 at once. From a FIFO that no writer has opened yet, it waits for a writer;
    /// read(2) would return 0.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    /// # dormouse::block_on(async {
    /// let (client, server) = UnixStream::pair()?;
    /// let (client, server) = (AsyncFd::new(client)?, AsyncFd::new(server)?);
    /// client.write(b"hello").await?;
    /// drop(client);
    /// let mut buffer = [0; 16];
    /// assert_eq!(server.read(&mut buffer).await?, 5);
    /// assert_eq!(server.read(&mut buffer).await?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of read(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is read.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.async_read_with(buffer.len(), |mut fd| fd.read(buffer)).await
    }

    /// Like [`read`](Self::read), into several buffers, in order.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::fs::File;
    /// use std::io::IoSliceMut;
    ///
    /// let (reader, writer) = rustix::pipe::pipe()?;
    /// rustix::io::write(writer, b"headbody")?;
    /// let reader = AsyncFd::new(File::from(reader))?;
    /// let (mut head, mut body) = ([0; 4], [0; 8]);
    /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(dormouse::block_on(reader.read_vectored(&mut buffers))?, 8);
    /// assert_eq!((&head, &body[..4]), (b"head", &b"body"[..]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of readv(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is read.
    pub async fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Ok(0);
        }
        self.async_read_with(len_of_all(buffers), |mut fd| fd.read_vectored(buffers)).await
    }

    /// [`read`](Self::read), without waiting.
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.try_read_with(buffer.len(), |mut fd| fd.read(buffer))
    }

    /// [`read_vectored`](Self::read_vectored), without waiting.
    pub(crate) fn try_read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Ok(0);
        }
        self.try_read_with(len_of_all(buffers), |mut fd| fd.read_vectored(buffers))
    }
}

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Write,
{
    /// Writes bytes as soon as there is room for some, and returns their number, which can be less than
    /// `bytes.len()`.
    ///
    /// If there are no bytes, it returns 0 at once, without a system call.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    ///
    /// async fn write_all(stream: &AsyncFd<UnixStream>, mut bytes: &[u8]) -> std::io::Result<()> {
    ///     while !bytes.is_empty() {
    ///         bytes = &bytes[stream.write(bytes).await?..];
    ///     }
    ///     Ok(())
    /// }
    /// # dormouse::block_on(async {
    /// # let (stream, _peer) = UnixStream::pair()?;
    /// # write_all(&AsyncFd::new(stream)?, b"hello").await
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of write(2). `BrokenPipe` for a closed socket or pipe: see [`SIGPIPE`](crate::io#sigpipe). If no reactor
    /// can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is written.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.async_io_with(Interest::WRITABLE, |fd, _| send::write(fd, bytes)).await
    }

    /// Like [`write`](Self::write), from several buffers, in order. Of more than 1024 buffers, one call writes the
    /// first 1024 at most.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::{IoSlice, Read};
    ///
    /// let (stream, mut peer) = std::os::unix::net::UnixStream::pair()?;
    /// let stream = AsyncFd::new(stream)?;
    /// let buffers = [IoSlice::new(b"head"), IoSlice::new(b"body")];
    /// assert_eq!(dormouse::block_on(stream.write_vectored(&buffers))?, 8);
    /// let mut received = [0; 8];
    /// peer.read_exact(&mut received)?;
    /// assert_eq!(&received, b"headbody");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of writev(2). `BrokenPipe` for a closed socket or pipe: see [`SIGPIPE`](crate::io#sigpipe). If no reactor
    /// can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is written.
    pub async fn write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Ok(0);
        }
        self.async_io_with(Interest::WRITABLE, |fd, _| send::write_vectored(fd, buffers)).await
    }

    /// [`write`](Self::write), without waiting.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, |fd| send::write(fd, bytes))
    }

    /// [`write_vectored`](Self::write_vectored), without waiting.
    pub(crate) fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, |fd| send::write_vectored(fd, buffers))
    }
}
