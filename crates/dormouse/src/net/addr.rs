//! [`ToSocketAddrs`]: what `connect`, `bind` and `send_to` accept.
//!
//! A text that contains an address is parsed. There is no resolver: a host name is an error. So nothing waits yet, but the
//! functions that take a `ToSocketAddrs` are async, and the trait is sealed.

use rustix::io::Errno;
use rustix::net::SocketAddrAny;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::vec;

/// Addresses to connect, bind or send to: socket addresses, an address with a port, or a text that contains one.
///
/// | type | example |
/// |---|---|
/// | `SocketAddr`, `SocketAddrV4`, `SocketAddrV6` | `listener.local_addr()?` |
/// | `(IpAddr, u16)`, `(Ipv4Addr, u16)`, `(Ipv6Addr, u16)` | `(Ipv4Addr::LOCALHOST, 80)` |
/// | `&str`, `String` | `"127.0.0.1:80"`, `"[::1]:80"` |
/// | `(&str, u16)`, `(String, u16)` | `("::1", 80)` |
/// | `&[SocketAddr]` | `&addresses[..]` |
///
/// A reference to any of them works too. The trait is sealed: more types may be added, but only by this crate.
///
/// `localhost` stands for `127.0.0.1` and `::1` (RFC 6761).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{TcpListener, TcpStream};
/// # dormouse::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let port = listener.local_addr()?.port();
/// let stream = TcpStream::connect(("localhost", port)).await?;
/// # let _ = stream;
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Names
/// Any other host name is an error of the kind [`Unsupported`](io::ErrorKind::Unsupported). To resolve it, call
/// [`ToSocketAddrs`](std::net::ToSocketAddrs) of std, which blocks the thread, on a thread of its own, and pass the
/// addresses:
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::TcpStream;
/// use futures::channel::oneshot;
/// use std::net::{SocketAddr, ToSocketAddrs};
///
/// # dormouse::block_on(async {
/// let (sender, resolved) = oneshot::channel();
/// std::thread::spawn(|| {
///     let addresses = "example.com:80".to_socket_addrs();
///     let _ = sender.send(addresses.map(|addresses| addresses.collect::<Vec<SocketAddr>>()));
/// });
/// let addresses = resolved.await.expect("no panic")?;
/// let stream = TcpStream::connect(&addresses[..]).await?;
/// # let _ = stream;
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// A text that is neither an address nor a name is an error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput).
#[doc(alias = "lookup_host")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket address",
    note = "pass a `SocketAddr`, a pair such as `(Ipv4Addr::LOCALHOST, 80)`, a text such as `\"127.0.0.1:80\"`, or a \
            `&[SocketAddr]`"
)]
pub trait ToSocketAddrs: sealed::Resolve {}

mod sealed {
    /// The part of the trait that no other crate can see.
    pub trait Resolve {
        fn resolve(&self) -> std::io::Result<super::Addresses>;
    }
}

pub(super) use sealed::Resolve;

/// The addresses that a [`ToSocketAddrs`] stands for. A single one takes no allocation.
#[derive(Debug)]
pub struct Addresses {
    first: Option<SocketAddr>,
    rest: vec::IntoIter<SocketAddr>,
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        self.first.take().or_else(|| self.rest.next())
    }
}

impl From<SocketAddr> for Addresses {
    #[inline]
    fn from(address: SocketAddr) -> Addresses {
        Addresses { first: Some(address), rest: Vec::new().into_iter() }
    }
}

macro_rules! impl_for_addresses {
    ($($Address:ty),*) => {$(
        impl ToSocketAddrs for $Address {}

        impl Resolve for $Address {
            #[inline]
            fn resolve(&self) -> io::Result<Addresses> {
                Ok(SocketAddr::from(*self).into())
            }
        }
    )*};
}

impl_for_addresses!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl ToSocketAddrs for [SocketAddr] {}

impl Resolve for [SocketAddr] {
    fn resolve(&self) -> io::Result<Addresses> {
        let first = self.first().copied();
        let rest = self.get(1..).unwrap_or_default();
        Ok(Addresses { first, rest: Vec::from(rest).into_iter() })
    }
}

impl ToSocketAddrs for str {}

impl Resolve for str {
    fn resolve(&self) -> io::Result<Addresses> {
        if let Ok(address) = self.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let (host, port) = self.rsplit_once(':').ok_or_else(|| invalid(self))?;
        // The port first: `::1` without brackets is no name.
        let port = port.parse().map_err(|_| invalid(self))?;
        name(host, port, self)
    }
}

impl ToSocketAddrs for (&str, u16) {}

impl Resolve for (&str, u16) {
    fn resolve(&self) -> io::Result<Addresses> {
        let (host, port) = *self;
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(SocketAddr::from((ip, port)).into());
        }
        // An IPv6 address with a zone.
        if let Ok(address) = format!("[{host}]:{port}").parse::<SocketAddrV6>() {
            return Ok(SocketAddr::from(address).into());
        }
        name(host, port, format_args!("{host}:{port}"))
    }
}

impl ToSocketAddrs for String {}

impl Resolve for String {
    fn resolve(&self) -> io::Result<Addresses> {
        self.as_str().resolve()
    }
}

impl ToSocketAddrs for (String, u16) {}

impl Resolve for (String, u16) {
    fn resolve(&self) -> io::Result<Addresses> {
        (self.0.as_str(), self.1).resolve()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

impl<T: Resolve + ?Sized> Resolve for &T {
    #[inline]
    fn resolve(&self) -> io::Result<Addresses> {
        (**self).resolve()
    }
}

/// The address of std for one of rustix.
#[cfg_attr(
    not(feature = "bytes"),
    allow(dead_code, reason = "without `bytes`, only Linux receives addresses from rustix")
)]
pub(super) fn std_address(address: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
    let mut address = SocketAddr::try_from(address.ok_or(Errno::AFNOSUPPORT)?)?;
    if let SocketAddr::V6(address) = &mut address {
        // rustix converts the byte order. std does not, and its functions have to return the same address.
        address.set_flowinfo(address.flowinfo().to_be());
    }
    Ok(address)
}

/// The addresses of a host name. `text` is what the caller has passed, for the error.
fn name(host: &str, port: u16, text: impl fmt::Display) -> io::Result<Addresses> {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.eq_ignore_ascii_case("localhost") {
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        let first = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        return Ok(Addresses { first, rest: vec![v6].into_iter() });
    }
    // The last label of a name contains a letter. So `127.0.0.256` is no name.
    let last_label = name.rsplit('.').next().unwrap_or_default();
    let is_name = !name.contains(|c: char| c.is_ascii() && !is_name_char(c))
        && last_label.contains(|c: char| !c.is_ascii_digit());
    Err(if is_name { unsupported(text) } else { invalid(text) })
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

fn unsupported(text: impl fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!(
            "{text:?} is a host name, and dormouse has no resolver: resolve it with std::net::ToSocketAddrs on a thread \
             of its own, and pass the addresses",
            text = text.to_string()
        ),
    )
}

fn invalid(text: impl fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "{text:?} is not a socket address, such as 127.0.0.1:80 or [::1]:80",
            text = text.to_string()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::ErrorKind::{InvalidInput, Unsupported};

    fn resolve(addresses: impl ToSocketAddrs) -> Vec<String> {
        addresses.resolve().unwrap().map(|address| address.to_string()).collect()
    }

    #[test]
    fn a_text_is_parsed_as_an_address() {
        assert_eq!(resolve("127.0.0.1:80"), ["127.0.0.1:80"]);
        assert_eq!(resolve("[::1]:80"), ["[::1]:80"]);
        assert_eq!(resolve(String::from("[fe80::1%3]:80")), ["[fe80::1%3]:80"]);
        assert_eq!(resolve(("::1", 80)), ["[::1]:80"]);
        assert_eq!(resolve((String::from("fe80::1%3"), 80)), ["[fe80::1%3]:80"]);
        assert_eq!(resolve((Ipv6Addr::LOCALHOST, 0)), ["[::1]:0"]);
    }

    #[test]
    fn a_list_keeps_its_order() {
        let addresses = [SocketAddr::from(([1, 1, 1, 1], 1)), SocketAddr::from(([2, 2, 2, 2], 2))];
        assert_eq!(resolve(&addresses[..]), ["1.1.1.1:1", "2.2.2.2:2"]);
        assert_eq!(resolve(&addresses[1..]), ["2.2.2.2:2"]);
        assert!(resolve(&addresses[2..]).is_empty());
    }

    #[test]
    fn localhost_is_the_loopback_addresses() {
        for host in ["localhost", "LocalHost", "localhost."] {
            assert_eq!(resolve((host, 80)), ["127.0.0.1:80", "[::1]:80"]);
        }
        assert_eq!(resolve("localhost:80"), ["127.0.0.1:80", "[::1]:80"]);
    }

    #[test]
    fn a_name_needs_a_resolver() {
        for text in ["example.com:80", "example.com.:80", "my_host:1", "bücher.example:1", "3com:1"]
        {
            let error = text.resolve().unwrap_err();
            assert_eq!(error.kind(), Unsupported, "{text}");
            assert!(error.to_string().starts_with(&format!("{text:?}")), "{error}");
            assert!(error.to_string().contains("std::net::ToSocketAddrs"), "{error}");
        }
        assert_eq!(("example.com", 80).resolve().unwrap_err().kind(), Unsupported);
    }

    #[test]
    fn control_characters_of_a_text_are_escaped_in_errors() {
        for c in ['\u{85}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{200b}', '\n'] {
            let host = format!("a{c}b.example");
            let text = format!("{host}:80");
            for error in [text.resolve(), (host.as_str(), 80).resolve(), host.resolve()] {
                let error = error.unwrap_err().to_string();
                assert!(!error.contains(c), "{error:?}");
                assert!(error.starts_with(&format!("\"a{}b.example", c.escape_debug())), "{error}");
            }
        }
    }

    #[test]
    fn a_text_that_is_neither_an_address_nor_a_name_is_invalid() {
        for text in [
            "",
            ":",
            ":80",
            "127.0.0.1",
            "example.com",
            "example.com:",
            "example.com:http",
            "example.com:65536",
            "127.0.0.256:80",
            "127.1:80",
            "::1:80",
            "[::1]",
            "[::1:80",
            "a b:80",
            "http://example.com:80",
            "fe80::1%eth0:80",
            ".:1",
            "a\nb:1",
        ] {
            let error = text.resolve().unwrap_err();
            assert_eq!(error.kind(), InvalidInput, "{text}");
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        assert_eq!(("127.0.0.256", 80).resolve().unwrap_err().kind(), InvalidInput);
        assert_eq!(("", 80).resolve().unwrap_err().kind(), InvalidInput);
        assert_eq!(("example.com:80", 80).resolve().unwrap_err().kind(), InvalidInput);
    }
}
