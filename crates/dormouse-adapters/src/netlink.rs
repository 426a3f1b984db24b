//! What the versions of netlink-sys have in common: the trait and the socket have not changed between them.

/// Defines `DormouseSocket` for one version of netlink-sys.
macro_rules! dormouse_socket {
    ($netlink_sys:ident, $example:literal) => {
        use bytes::BufMut;
        use dormouse::io::AsyncFd;
        use std::io;
        use std::task::{Context, Poll};
        use $netlink_sys::{AsyncSocket, Socket, SocketAddr};

        /// A netlink socket on any executor.
        ///
        /// One task at a time can receive, and one can send: of several that wait in the same direction, the last is woken,
        /// as with the sockets of netlink-sys itself. rtnetlink and netlink-proto poll both in one task.
        ///
        #[doc = $example]
        #[doc(alias("SmolSocket", "TokioSocket"))]
        #[derive(Debug)]
        pub struct DormouseSocket(AsyncFd<Socket>);

        impl AsyncSocket for DormouseSocket {
            fn socket_ref(&self) -> &Socket {
                self.0.get_ref()
            }

            fn socket_mut(&mut self) -> &mut Socket {
                self.0.get_mut()
            }

            fn new(protocol: isize) -> io::Result<DormouseSocket> {
                Ok(DormouseSocket(AsyncFd::new(Socket::new(protocol)?)?))
            }

            fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                self.0.poll_write_with(cx, |socket| socket.send(buf, 0))
            }

            fn poll_send_to(
                &self,
                cx: &mut Context<'_>,
                buf: &[u8],
                addr: &SocketAddr,
            ) -> Poll<io::Result<usize>> {
                self.0.poll_write_with(cx, |socket| socket.send_to(buf, addr, 0))
            }

            fn poll_recv<B: BufMut>(
                &self,
                cx: &mut Context<'_>,
                buf: &mut B,
            ) -> Poll<io::Result<()>> {
                self.0.poll_read_with(cx, |socket| socket.recv(buf, 0).map(drop))
            }

            fn poll_recv_from<B: BufMut>(
                &self,
                cx: &mut Context<'_>,
                buf: &mut B,
            ) -> Poll<io::Result<SocketAddr>> {
                self.0
                    .poll_read_with(cx, |socket| socket.recv_from(buf, 0).map(|(_len, from)| from))
            }

            fn poll_recv_from_full(
                &self,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<(Vec<u8>, SocketAddr)>> {
                self.0.poll_read_with(cx, Socket::recv_from_full)
            }
        }
    };
}

pub(crate) use dormouse_socket;
