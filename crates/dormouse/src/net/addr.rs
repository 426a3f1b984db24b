//! [`ToSocketAddrs`]: what `connect`, `bind` and `send_to` accept.
//!
//! A text that contains an address is parsed. A host name is for `resolver`; only that waits. The trait is sealed.

use super::error::with_context;
use super::resolver::{Name, lookup};
use rustix::io::Errno;
use rustix::net::SocketAddrAny;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::vec;

/// Addresses to connect, bind or send to: socket addresses, an address with a port, or a text that contains one, or a host
/// name with a port.
///
/// | type | example |
/// |---|---|
/// | `SocketAddr`, `SocketAddrV4`, `SocketAddrV6` | `listener.local_addr()?` |
/// | `(IpAddr, u16)`, `(Ipv4Addr, u16)`, `(Ipv6Addr, u16)` | `(Ipv4Addr::LOCALHOST, 80)` |
/// | `&str`, `String` | `"127.0.0.1:80"`, `"[::1]:80"`, `"localhost:80"` |
/// | `(&str, u16)`, `(String, u16)` | `("::1", 80)`, `("localhost", 80)` |
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
/// Any other host name is resolved by getaddrinfo(3), on a thread of dormouse that may block, or by the resolver that the
/// program has installed with `net::set_resolver`. That takes the feature `dns`:
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::TcpStream;
/// use dormouse::timeout;
/// use std::time::Duration;
///
/// # dormouse::block_on(async {
/// let connect = TcpStream::connect("example.com:80");
/// let stream = timeout(Duration::from_secs(10), connect).await??;
/// # let _ = stream;
/// # Ok(())
/// # })
/// # }
/// ```
///
/// A lookup has no time limit of its own; the system's takes some seconds if the name server does not answer. Dropping the
/// future cancels it: a getaddrinfo(3) that has begun runs to its end on its thread, and up to 512 run at a time. They
/// delay neither the shutdown of a tokio runtime nor other blocking work.
///
/// In virtual time (feature `test-util`), and inside a tokio runtime whose clock is paused, a getaddrinfo(3) takes real time.
/// The clock stands still meanwhile, but for no longer than a second.
///
/// Without the feature, a name is an error of the kind [`Unsupported`](io::ErrorKind::Unsupported).
///
/// # Errors
/// A text that is neither an address nor a name, or has no port, is an error of the kind
/// [`InvalidInput`](io::ErrorKind::InvalidInput).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a socket address or a name with a port",
    note = "pass a `SocketAddr`, a pair such as `(Ipv4Addr::LOCALHOST, 80)` or `(\"localhost\", 80)`, a text such as \
            `\"127.0.0.1:80\"` or `\"localhost:80\"`, or a `&[SocketAddr]`"
)]
pub trait ToSocketAddrs: sealed::Parse {}

mod sealed {
    /// The part of the trait that no other crate can see.
    pub trait Parse {
        fn parse_addrs(&self) -> std::io::Result<super::Parsed>;
    }
}

use sealed::Parse;

/// What a [`ToSocketAddrs`] stands for.
#[derive(Debug)]
pub enum Parsed {
    Addresses(Addresses),
    Name(Name),
}

/// The addresses of what was parsed. Waits only for a name.
pub(super) async fn resolve(parsed: io::Result<Parsed>) -> io::Result<Addresses> {
    match parsed? {
        Parsed::Addresses(addresses) => Ok(addresses),
        Parsed::Name(name) => lookup(name).await,
    }
}

/// As [`resolve`]. `action` is the start of the error's message, such as "cannot connect".
pub(super) async fn resolve_for(action: &str, parsed: io::Result<Parsed>) -> io::Result<Addresses> {
    resolve(parsed).await.map_err(|err| with_context(err, format_args!("{action}")))
}

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

impl From<SocketAddr> for Parsed {
    #[inline]
    fn from(address: SocketAddr) -> Parsed {
        Parsed::Addresses(Addresses { first: Some(address), rest: Vec::new().into_iter() })
    }
}

impl From<Vec<SocketAddr>> for Addresses {
    fn from(addresses: Vec<SocketAddr>) -> Addresses {
        Addresses { first: None, rest: addresses.into_iter() }
    }
}

macro_rules! impl_for_addresses {
    ($($Address:ty),*) => {$(
        impl ToSocketAddrs for $Address {}

        impl Parse for $Address {
            #[inline]
            fn parse_addrs(&self) -> io::Result<Parsed> {
                Ok(Parsed::from(SocketAddr::from(*self)))
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

impl Parse for [SocketAddr] {
    fn parse_addrs(&self) -> io::Result<Parsed> {
        let first = self.first().copied();
        let rest = Vec::from(self.get(1..).unwrap_or_default());
        Ok(Parsed::Addresses(Addresses { first, rest: rest.into_iter() }))
    }
}

impl ToSocketAddrs for str {}

impl Parse for str {
    fn parse_addrs(&self) -> io::Result<Parsed> {
        if let Ok(address) = self.parse::<SocketAddr>() {
            return Ok(Parsed::from(address));
        }
        let (host, port) = self.rsplit_once(':').ok_or_else(|| invalid(self))?;
        // The port first: `::1` without brackets is no name.
        let port = port.parse().map_err(|_| invalid(self))?;
        name(host, port, self)
    }
}

impl ToSocketAddrs for (&str, u16) {}

impl Parse for (&str, u16) {
    fn parse_addrs(&self) -> io::Result<Parsed> {
        let (host, port) = *self;
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(Parsed::from(SocketAddr::from((ip, port))));
        }
        // An IPv6 address with a zone.
        if let Ok(address) = format!("[{host}]:{port}").parse::<SocketAddrV6>() {
            return Ok(Parsed::from(SocketAddr::from(address)));
        }
        name(host, port, format_args!("{host}:{port}"))
    }
}

impl ToSocketAddrs for String {}

impl Parse for String {
    fn parse_addrs(&self) -> io::Result<Parsed> {
        self.as_str().parse_addrs()
    }
}

impl ToSocketAddrs for (String, u16) {}

impl Parse for (String, u16) {
    fn parse_addrs(&self) -> io::Result<Parsed> {
        (self.0.as_str(), self.1).parse_addrs()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

impl<T: Parse + ?Sized> Parse for &T {
    #[inline]
    fn parse_addrs(&self) -> io::Result<Parsed> {
        (**self).parse_addrs()
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

/// What a host name stands for. `text` is what the caller has passed, for the error.
fn name(host: &str, port: u16, text: impl fmt::Display) -> io::Result<Parsed> {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.eq_ignore_ascii_case("localhost") {
        let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        return Ok(Parsed::Addresses(vec![v4, v6].into()));
    }
    // The last label of a name contains a letter. So `127.0.0.256` is no name.
    let last_label = name.rsplit('.').next().unwrap_or_default();
    let is_name = !name.contains(|c: char| c.is_ascii() && !is_name_char(c))
        && last_label.contains(|c: char| !c.is_ascii_digit());
    if !is_name {
        return Err(invalid(text));
    }
    Name::new(host, port, text).map(Parsed::Name)
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

fn invalid(text: impl fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "{text:?} is not a socket address or a name with a port, such as 127.0.0.1:80, [::1]:80 or localhost:80",
            text = text.to_string()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::ErrorKind::InvalidInput;

    fn resolve(addresses: impl ToSocketAddrs) -> Vec<String> {
        match addresses.parse_addrs().unwrap() {
            Parsed::Addresses(addresses) => addresses.map(|address| address.to_string()).collect(),
            Parsed::Name(name) => panic!("{name:?}"),
        }
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

    const NAMES: [&str; 5] =
        ["example.com:80", "example.com.:80", "my_host:1", "bücher.example:1", "3com:1"];

    #[test]
    #[cfg(feature = "dns")]
    fn a_name_is_for_the_resolver() {
        for text in NAMES {
            assert!(matches!(text.parse_addrs(), Ok(Parsed::Name(_))), "{text}");
        }
        assert!(matches!(("example.com", 80).parse_addrs(), Ok(Parsed::Name(_))));
    }

    #[test]
    #[cfg(not(feature = "dns"))]
    fn a_name_needs_a_resolver() {
        use io::ErrorKind::Unsupported;

        for text in NAMES {
            let error = text.parse_addrs().unwrap_err();
            assert_eq!(error.kind(), Unsupported, "{text}");
            assert!(error.to_string().starts_with(&format!("{text:?}")), "{error}");
            assert!(error.to_string().contains("std::net::ToSocketAddrs"), "{error}");
        }
        assert_eq!(("example.com", 80).parse_addrs().unwrap_err().kind(), Unsupported);
    }

    #[test]
    fn control_characters_of_a_text_are_escaped_in_errors() {
        for c in ['\u{85}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{200b}', '\n'] {
            let host = format!("a{c}b.example");
            let text = format!("{host}:80");
            for error in [text.parse_addrs(), (host.as_str(), 80).parse_addrs(), host.parse_addrs()]
            {
                // With a resolver, some are names.
                let Err(error) = error else { continue };
                let error = error.to_string();
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
            let error = text.parse_addrs().unwrap_err();
            assert_eq!(error.kind(), InvalidInput, "{text}");
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        assert_eq!(("127.0.0.256", 80).parse_addrs().unwrap_err().kind(), InvalidInput);
        assert_eq!(("", 80).parse_addrs().unwrap_err().kind(), InvalidInput);
        assert_eq!(("example.com:80", 80).parse_addrs().unwrap_err().kind(), InvalidInput);
    }
}
