//! Lists the network links of the machine: a netlink socket, on any executor.
//!
//! Neither std nor the executors support netlink. But a netlink socket is a file descriptor, so `AsyncFd`
//! makes it awaitable. The request has a timeout.
//!
//! Run it with `cargo run -p dormouse --example netlink`. It needs no privileges.

/// A small part of rtnetlink(7).
#[cfg(target_os = "linux")]
mod links {
    use dormouse::io::{AsyncFd, Interest};
    use rustix::net::netlink::SocketAddrNetlink;
    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
    use rustix::net::{connect, recv, send, socket_with};
    use std::io;

    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;
    const RTM_NEWLINK: u16 = 16;
    const RTM_GETLINK: u16 = 18;
    const NLM_F_REQUEST: u16 = 0x001;
    const NLM_F_DUMP: u16 = 0x300;
    const IFLA_IFNAME: u16 = 3;
    const IFF_UP: u32 = 1;

    /// Sizes of `struct nlmsghdr`, `struct ifinfomsg` and `struct rtattr`.
    const MESSAGE_HEADER: usize = 16;
    const LINK_HEADER: usize = 16;
    const ATTRIBUTE_HEADER: usize = 4;

    /// A network link.
    #[derive(Debug)]
    pub(crate) struct Link {
        pub index: u32,
        pub name: String,
        pub is_up: bool,
    }

    /// Lists the network links in this network namespace.
    pub(crate) async fn list() -> io::Result<Vec<Link>> {
        // `None` is protocol 0, which is NETLINK_ROUTE.
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        connect(&socket, &SocketAddrNetlink::new(0, 0))?; // port 0 is the kernel
        let socket = AsyncFd::new(socket)?;

        let request = request();
        let sending = socket
            .async_io(Interest::WRITABLE, |socket| Ok(send(socket, &request, SendFlags::empty())?));
        sending.await?;

        // The kernel splits the list into datagrams of at most this size.
        let mut datagram = vec![0; 32 * 1024];
        let mut links = Vec::new();
        loop {
            let receiving = socket.async_io(Interest::READABLE, |socket| {
                Ok(recv(socket, &mut datagram[..], RecvFlags::TRUNC)?)
            });
            let (read, len) = receiving.await?;
            if len > read {
                return Err(malformed());
            }
            if parse(&datagram[..read], &mut links)? {
                return Ok(links);
            }
        }
    }

    fn request() -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(((MESSAGE_HEADER + LINK_HEADER) as u32).to_ne_bytes());
        bytes.extend(RTM_GETLINK.to_ne_bytes());
        bytes.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        bytes.extend([0; 8]); // sequence number and port, not needed for a single request
        bytes.extend([0; LINK_HEADER]); // links of any kind
        bytes
    }

    /// Adds the links in a datagram to `links`. Returns whether it was the last datagram.
    fn parse(mut datagram: &[u8], links: &mut Vec<Link>) -> io::Result<bool> {
        while !datagram.is_empty() {
            let len = u32_at(datagram, 0)? as usize;
            let payload = datagram.get(MESSAGE_HEADER..len).ok_or_else(malformed)?;
            match u16_at(datagram, 4)? {
                NLMSG_DONE => return Ok(true),
                NLMSG_ERROR => {
                    let errno = u32_at(payload, 0)? as i32;
                    return Err(io::Error::from_raw_os_error(errno.saturating_neg()));
                }
                RTM_NEWLINK => links.push(parse_link(payload)?),
                _ => {}
            }
            datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(false)
    }

    fn parse_link(payload: &[u8]) -> io::Result<Link> {
        let index = u32_at(payload, 4)?;
        let is_up = u32_at(payload, 8)? & IFF_UP != 0;
        let mut attributes = payload.get(LINK_HEADER..).ok_or_else(malformed)?;
        let mut name = None;
        while !attributes.is_empty() {
            let len = usize::from(u16_at(attributes, 0)?);
            let value = attributes.get(ATTRIBUTE_HEADER..len).ok_or_else(malformed)?;
            if u16_at(attributes, 2)? == IFLA_IFNAME {
                let value = value.strip_suffix(&[0]).unwrap_or(value);
                name = Some(String::from_utf8_lossy(value).into_owned());
            }
            attributes = attributes.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(Link { index, name: name.ok_or_else(malformed)?, is_up })
    }

    fn u16_at(bytes: &[u8], offset: usize) -> io::Result<u16> {
        array_at(bytes, offset).map(u16::from_ne_bytes)
    }

    fn u32_at(bytes: &[u8], offset: usize) -> io::Result<u32> {
        array_at(bytes, offset).map(u32::from_ne_bytes)
    }

    fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> io::Result<[u8; N]> {
        bytes.get(offset..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(malformed)
    }

    fn malformed() -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, "truncated netlink message")
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let limit = std::time::Duration::from_secs(2);
    for link in dormouse::block_on(dormouse::timeout(limit, links::list()))?? {
        println!("{:>3}  {:<16} {}", link.index, link.name, if link.is_up { "up" } else { "down" });
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("netlink is only available on Linux");
}
