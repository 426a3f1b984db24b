//! Reading into a `BufMut`, and writing from a `Buf` (feature `bytes`).
//!
//! Only `unsafe` code can fill the unused part of a `BufMut` in place. So received bytes go through an uninitialized buffer
//! and are copied.

use super::addr::std_address;
use super::sys::std_unix_address;
use super::{PipeReader, PipeWriter, TcpStream, UdpSocket, UnixDatagram, UnixStream, tcp, unix};
use bytes::{Buf, BufMut};
use rustix::net::{RecvFlags, SocketAddrAny, recv, recvfrom};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::AsFd;

/// A buffer of up to this size is on the stack. A stream reads no more at once.
const STACK_BYTES: usize = 16 * 1024;

/// Calls `receive` with an uninitialized buffer of `len` bytes.
fn with_buffer<R>(len: usize, receive: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    if len <= STACK_BYTES {
        receive(&mut [MaybeUninit::uninit(); STACK_BYTES][..len])
    } else {
        // A datagram must not be truncated to the size of the other buffer.
        receive(&mut Vec::with_capacity(len).spare_capacity_mut()[..len])
    }
}

fn read_into(fd: impl AsFd, buffer: &mut impl BufMut) -> io::Result<usize> {
    with_buffer(buffer.chunk_mut().len().min(STACK_BYTES), |bytes| {
        let (read, _) = rustix::io::read(fd, bytes)?;
        buffer.put_slice(read);
        Ok(read.len())
    })
}

fn receive_into(socket: impl AsFd, buffer: &mut impl BufMut) -> io::Result<usize> {
    with_buffer(buffer.chunk_mut().len(), |bytes| {
        let ((received, _), _) = recv(socket, bytes, RecvFlags::empty())?;
        buffer.put_slice(received);
        Ok(received.len())
    })
}

/// `address` converts the address of the sender.
fn receive_from_into<A>(
    socket: impl AsFd,
    buffer: &mut impl BufMut,
    address: impl FnOnce(Option<SocketAddrAny>) -> io::Result<A>,
) -> io::Result<(usize, A)> {
    with_buffer(buffer.chunk_mut().len(), |bytes| {
        let ((received, _), _, sender) = recvfrom(socket, bytes, RecvFlags::empty())?;
        buffer.put_slice(received);
        Ok((received.len(), address(sender)?))
    })
}

macro_rules! read_buf {
    ($Type:ty, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`read`](Self::read), appends to a buffer. A call reads 16 KiB at most.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let mut buffer = bytes::BytesMut::with_capacity(1024);
            /// assert_eq!(socket.read_buf(&mut buffer).await?, 5);
            /// assert_eq!(&buffer[..], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`read`](Self::read).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is read.
            pub async fn read_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
                if !buffer.has_remaining_mut() {
                    return Ok(0);
                }
                self.async_fd().async_read_with(|fd| read_into(fd, buffer)).await
            }

            /// Like [`try_read`](Self::try_read), appends to a buffer. A call reads 16 KiB at most.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1024);
            /// assert_eq!(socket.try_read_buf(&mut buffer)?, 5);
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`try_read`](Self::try_read).
            pub fn try_read_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
                if !buffer.has_remaining_mut() {
                    return Ok(0);
                }
                self.async_fd().try_read_with(|fd| read_into(fd, buffer))
            }
        }
    };
}

macro_rules! write_buf {
    ($Type:ty, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`write`](Self::write), from a buffer, which it advances.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let mut buffer = bytes::Bytes::from_static(b"hello");
            /// while !buffer.is_empty() {
            ///     socket.write_buf(&mut buffer).await?;
            /// }
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`write`](Self::write).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is written.
            pub async fn write_buf<B: Buf>(&self, buffer: &mut B) -> io::Result<usize> {
                let mut chunks = [IoSlice::new(&[]); 64];
                let count = buffer.chunks_vectored(&mut chunks);
                let written = self.write_vectored(&chunks[..count]).await?;
                buffer.advance(written);
                Ok(written)
            }
        }
    };
}

macro_rules! tcp_example {
    ($halves:literal) => {
        concat!(
            "# let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;
# let inner = std::net::TcpStream::connect(listener.local_addr()?)?;
# let mut peer = listener.accept()?.0;
# std::io::Write::write_all(&mut peer, b\"hello\")?;
# let mut socket = dormouse::net::TcpStream::from_std(inner)?;\n",
            $halves
        )
    };
}

read_buf!(TcpStream, tcp_example!(""));
write_buf!(TcpStream, tcp_example!(""));
read_buf!(tcp::ReadHalf<'_>, tcp_example!("# let (socket, _write) = socket.split();"));
write_buf!(tcp::WriteHalf<'_>, tcp_example!("# let (_read, socket) = socket.split();"));
read_buf!(tcp::OwnedReadHalf, tcp_example!("# let (socket, _write) = socket.into_split();"));
write_buf!(tcp::OwnedWriteHalf, tcp_example!("# let (_read, socket) = socket.into_split();"));

macro_rules! unix_example {
    ($halves:literal) => {
        concat!(
            "# let (inner, mut peer) = std::os::unix::net::UnixStream::pair()?;
# std::io::Write::write_all(&mut peer, b\"hello\")?;
# let mut socket = dormouse::net::UnixStream::from_std(inner)?;\n",
            $halves
        )
    };
}

read_buf!(UnixStream, unix_example!(""));
write_buf!(UnixStream, unix_example!(""));
read_buf!(unix::ReadHalf<'_>, unix_example!("# let (socket, _write) = socket.split();"));
write_buf!(unix::WriteHalf<'_>, unix_example!("# let (_read, socket) = socket.split();"));
read_buf!(unix::OwnedReadHalf, unix_example!("# let (socket, _write) = socket.into_split();"));
write_buf!(unix::OwnedWriteHalf, unix_example!("# let (_read, socket) = socket.into_split();"));
read_buf!(
    PipeReader,
    "# let (socket, writer) = dormouse::net::pipe()?;\n# writer.try_write(b\"hello\")?;"
);
write_buf!(PipeWriter, "# let (_reader, socket) = dormouse::net::pipe()?;");

macro_rules! receive_buf {
    ($Type:ty, $Addr:ty, $address:path, $example:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        impl $Type {
            /// Like [`recv`](Self::recv), appends to a buffer. A datagram that is longer than the buffer's unused part is
            /// truncated.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// assert_eq!(socket.recv_buf(&mut buffer).await?, 5);
            /// assert_eq!(&buffer[..], b"hello");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`recv`](Self::recv).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
                let receive = |fd: &_| receive_into(fd, buffer);
                self.async_fd().async_io(crate::io::Interest::READABLE, receive).await
            }

            /// Like [`recv_buf`](Self::recv_buf), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// assert_eq!(socket.try_recv_buf(&mut buffer)?, 5);
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no datagram. Those of [`recv`](Self::recv).
            pub fn try_recv_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
                let receive = |fd: &_| receive_into(fd, buffer);
                self.async_fd().try_io(crate::io::Interest::READABLE, receive)
            }

            /// Like [`recv_from`](Self::recv_from), appends to a buffer. A datagram that is longer than the buffer's unused
            /// part is truncated.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// let (len, sender) = socket.recv_buf_from(&mut buffer).await?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`recv_from`](Self::recv_from).
            ///
            /// # Cancel safety
            /// If it is dropped before it completes, nothing is received.
            pub async fn recv_buf_from<B: BufMut>(
                &self,
                buffer: &mut B,
            ) -> io::Result<(usize, $Addr)> {
                let receive = |fd: &_| receive_from_into(fd, buffer, $address);
                self.async_fd().async_io(crate::io::Interest::READABLE, receive).await
            }

            /// Like [`recv_buf_from`](Self::recv_buf_from), without waiting.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// let mut buffer = bytes::BytesMut::with_capacity(1500);
            /// let (len, sender) = socket.try_recv_buf_from(&mut buffer)?;
            /// println!("{len} bytes from {sender:?}");
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// `WouldBlock` if there is no datagram. Those of [`recv_from`](Self::recv_from).
            pub fn try_recv_buf_from<B: BufMut>(
                &self,
                buffer: &mut B,
            ) -> io::Result<(usize, $Addr)> {
                let receive = |fd: &_| receive_from_into(fd, buffer, $address);
                self.async_fd().try_io(crate::io::Interest::READABLE, receive)
            }
        }
    };
}

receive_buf!(
    UdpSocket,
    SocketAddr,
    std_address,
    "# let inner = std::net::UdpSocket::bind(\"127.0.0.1:0\")?;
# let peer = std::net::UdpSocket::bind(\"127.0.0.1:0\")?;
# peer.send_to(b\"hello\", inner.local_addr()?)?;
# let socket = dormouse::net::UdpSocket::from_std(inner)?;"
);
receive_buf!(
    UnixDatagram,
    unix::SocketAddr,
    std_unix_address,
    "# let (socket, peer) = dormouse::net::UnixDatagram::pair()?;\n# peer.try_send(b\"hello\")?;"
);
