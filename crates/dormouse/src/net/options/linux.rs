//! Options that only Linux has: a device to be bound to, and the mark of packets.

use crate::net::{TcpSocket, TcpStream, UdpSocket};

macro_rules! device {
    ($Type:ident) => {
        impl $Type {
            /// Returns the name of the network device that the socket is bound to (`SO_BINDTODEVICE`, Linux only).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            /// assert_eq!(socket.device()?, None);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn device(&self) -> std::io::Result<Option<Vec<u8>>> {
                socket2::SockRef::from(self).device()
            }

            /// Binds the socket to a network device (`SO_BINDTODEVICE`, Linux only). `None` releases it.
            ///
            /// ```no_run
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            /// socket.bind_device(Some(b"eth0"))?;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of setsockopt(2). If there is no such device.
            pub fn bind_device(&self, device: Option<&[u8]>) -> std::io::Result<()> {
                socket2::SockRef::from(self).bind_device(device)
            }

            /// Returns the mark of the packets of this socket (`SO_MARK`, Linux only).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            /// println!("{}", socket.mark()?);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn mark(&self) -> std::io::Result<u32> {
                socket2::SockRef::from(self).mark()
            }

            /// Sets the mark of the packets of this socket (`SO_MARK`, Linux only), for routing and filters.
            ///
            /// ```no_run
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type)]
            /// socket.set_mark(1)?;
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// `PermissionDenied` without the capability `CAP_NET_ADMIN` or `CAP_NET_RAW`.
            pub fn set_mark(&self, mark: u32) -> std::io::Result<()> {
                socket2::SockRef::from(self).set_mark(mark)
            }
        }
    };
}

device!(TcpSocket);
device!(UdpSocket);
option!(
    quickack = tcp_quickack,
    set_quickack = set_tcp_quickack,
    bool,
    "true",
    "whether received segments are acknowledged at once (`TCP_QUICKACK`, Linux only). The kernel changes it again.",
    TcpStream(stream)
);
