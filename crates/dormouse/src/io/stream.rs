//! Reading and writing for every `T` where `&T` implements std's `Read` or `Write`: stream sockets, pipes,
//! terminals. The streams of `net` and their halves call these functions.

use super::read::len_of_all;
use super::{AsSource, AsyncFd, Interest, socket};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Read,
{
    /// Reads bytes as soon as some are available, and returns their number. 0 means end of file.
    ///
    /// If the buffer is empty, it returns 0 at once. [`read_exact`](Self::read_exact) fills it. From a FIFO that no writer
    /// has opened yet, it waits for a writer; read(2) would return 0.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    /// # dormouse::block_on(async {
    /// let (client, server) = UnixStream::pair()?;
    /// let (client, server) = (AsyncFd::new(client)?, AsyncFd::new(server)?);
    /// client.write_all(b"hello").await?;
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
        self.async_read_with(buffer.len(), |fd| socket::read(fd, buffer)).await
    }

    /// Reads until the buffer is full, and returns its length.
    ///
    /// If two tasks call it at the same time, each may get a part of the bytes of the other.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    /// # dormouse::block_on(async {
    /// let (client, server) = UnixStream::pair()?;
    /// let (client, server) = (AsyncFd::new(client)?, AsyncFd::new(server)?);
    /// client.write_all(b"head").await?;
    /// client.write_all(b"er, and more").await?;
    /// let mut header = [0; 6];
    /// server.read_exact(&mut header).await?;
    /// assert_eq!(&header, b"header");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `UnexpectedEof` if the end of file comes first: its text says how many bytes were read. Those of
    /// [`read`](Self::read), except `Interrupted`. What was read before an error is in the buffer.
    ///
    /// # Cancel safety
    /// **Not cancel safe.** If it is dropped before it completes, the bytes that it has read are in the buffer, but their
    /// number is lost, so the next read starts somewhere in the middle. Close the stream then, or call
    /// [`read`](Self::read) in a loop that counts outside of the future that is dropped.
    pub async fn read_exact(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < buffer.len() {
            match self.read(&mut buffer[count..]).await {
                Ok(0) => {
                    let text = format!("end of file after {count} of {} bytes", buffer.len());
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
                }
                Ok(read) => count += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(buffer.len())
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
        self.try_read_with(buffer.len(), |fd| socket::read(fd, buffer))
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
    /// If there are no bytes, it returns 0 at once, without a system call. [`write_all`](Self::write_all) writes all of them.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use dormouse::timeout;
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// # dormouse::block_on(async {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let stream = AsyncFd::new(stream)?;
    /// let mut rest: &[u8] = b"hello";
    /// while !rest.is_empty() {
    ///     // After a timeout, `rest` is what has not been written yet.
    ///     rest = &rest[timeout(Duration::from_secs(1), stream.write(rest)).await??..];
    /// }
    /// # Ok(())
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
        self.async_io_with(Interest::WRITABLE, |fd, _| socket::write(fd, bytes)).await
    }

    /// Writes all of the bytes: as many as there is room for, and the rest when there is room again.
    ///
    /// If two tasks call it at the same time, their bytes may be mixed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Read;
    ///
    /// let (stream, mut peer) = std::os::unix::net::UnixStream::pair()?;
    /// let stream = AsyncFd::new(stream)?;
    /// let reader = std::thread::spawn(move || peer.read_to_end(&mut Vec::new()));
    /// dormouse::block_on(stream.write_all(&[b'x'; 1 << 20]))?;
    /// drop(stream);
    /// assert_eq!(reader.join().unwrap()?, 1 << 20);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`write`](Self::write), except `Interrupted`. `WriteZero` if a write returns 0, which those of sockets and
    /// pipes do not: its text says how many bytes were written.
    ///
    /// # Cancel safety
    /// **Not cancel safe.** If it is dropped before it completes, some of the bytes may have been written, and their number
    /// is lost. Close the stream then, or call [`write`](Self::write) in a loop that counts outside of the future that is
    /// dropped. The same holds after an error.
    pub async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let mut count = 0;
        while count < bytes.len() {
            match self.write(&bytes[count..]).await {
                Ok(0) => {
                    let text = format!("a write returned 0 after {count} of {} bytes", bytes.len());
                    return Err(io::Error::new(ErrorKind::WriteZero, text));
                }
                Ok(written) => count += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
        self.async_io_with(Interest::WRITABLE, |fd, _| socket::write_vectored(fd, buffers)).await
    }

    /// [`write`](Self::write), without waiting.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, |fd| socket::write(fd, bytes))
    }

    /// [`write_vectored`](Self::write_vectored), without waiting.
    pub(crate) fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, |fd| socket::write_vectored(fd, buffers))
    }
}
