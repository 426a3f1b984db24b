//! [`HappyEyeballs`]: connects to the address of a host that accepts first (RFC 8305).

use super::TcpStream;
use super::addr::{ToSocketAddrs, resolve_for};
use super::connect::connect_tcp;
use super::error::no_addresses;
use crate::time::timeout;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// Connects to several addresses of one host concurrently, and returns the connection that is established first
/// ("Happy Eyeballs", RFC 8305).
///
/// [`TcpStream::connect`] tries one address after the other, so an address that does not respond costs minutes. Here each
/// attempt starts 250 ms after the previous one, or as soon as an attempt fails. When one succeeds, the others are
/// dropped, which closes their sockets. The two address families alternate, beginning with that of the first address.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::HappyEyeballs;
/// use std::time::Duration;
///
/// # dormouse::block_on(async {
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let port = listener.local_addr()?.port();
/// let stream = HappyEyeballs::new().connect(("localhost", port)).await?;
/// # let _ = stream;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HappyEyeballs {
    delay: Duration,
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

impl HappyEyeballs {
    /// The defaults of the RFC: a delay of 250 ms.
    ///
    /// ```
    /// use dormouse::net::HappyEyeballs;
    /// let connector = HappyEyeballs::new();
    /// # let _ = connector;
    /// ```
    pub fn new() -> HappyEyeballs {
        HappyEyeballs { delay: Duration::from_millis(250) }
    }

    /// Sets the delay between the starts of two attempts. The RFC recommends 100 ms to 2 s.
    ///
    /// ```
    /// use dormouse::net::HappyEyeballs;
    /// use std::time::Duration;
    /// let connector = HappyEyeballs::new().delay(Duration::from_millis(100));
    /// # let _ = connector;
    /// ```
    pub fn delay(mut self, delay: Duration) -> HappyEyeballs {
        self.delay = delay;
        self
    }

    /// Connects to the address that accepts first.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::HappyEyeballs;
    /// use dormouse::timeout;
    /// use std::time::Duration;
    ///
    /// # dormouse::block_on(async {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let addresses = [listener.local_addr()?];
    /// let connect = HappyEyeballs::new().connect(&addresses[..]);
    /// let stream = timeout(Duration::from_secs(10), connect).await??;
    /// # let _ = stream;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no attempt succeeds: that of the attempt that has failed last. See [`TcpStream::connect`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the sockets.
    pub async fn connect(self, addrs: impl ToSocketAddrs) -> io::Result<TcpStream> {
        let addresses = resolve_for("cannot connect", addrs.parse_addrs()).await?;
        let mut untried = interleave(addresses.collect()).into_iter();
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut last_error = no_addresses("cannot connect");
        loop {
            match untried.next() {
                Some(address) => attempts.push(Box::pin(connect_tcp(address))),
                None if attempts.is_empty() => return Err(last_error),
                None => {}
            }
            // No attempt follows the last one, so its wait has no limit.
            let delay = if untried.len() > 0 { self.delay } else { Duration::MAX };
            match timeout(delay, first_complete(&mut attempts)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(err)) => last_error = err,
                Err(_elapsed) => {}
            }
        }
    }
}

impl Default for HappyEyeballs {
    fn default() -> HappyEyeballs {
        HappyEyeballs::new()
    }
}

/// Waits until an attempt is complete, and removes it.
async fn first_complete(attempts: &mut Vec<Attempt>) -> io::Result<TcpStream> {
    poll_fn(|cx| {
        for index in 0..attempts.len() {
            if let Poll::Ready(result) = attempts[index].as_mut().poll(cx) {
                drop(attempts.swap_remove(index));
                return Poll::Ready(result);
            }
        }
        Poll::Pending
    })
    .await
}

/// Alternates the addresses of the two families, beginning with the family of the first address.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first_is_ipv4) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first_is_ipv4);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut interleaved = Vec::new();
    while preferred.len() + other.len() > 0 {
        interleaved.extend(preferred.next());
        interleaved.extend(other.next());
    }
    interleaved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_alternate_and_keep_their_order() {
        let [a, b, c] = [1, 2, 3].map(|host| SocketAddr::from(([10, 0, 0, host], 80)));
        let [d, e] = [4, 5].map(|host| SocketAddr::from(([0, 0, 0, 0, 0, 0, 1, host], 80)));
        assert_eq!(interleave(vec![a, b, c, d, e]), [a, d, b, e, c]);
        assert_eq!(interleave(vec![d, e, a]), [d, a, e]);
        assert_eq!(interleave(vec![a, b]), [a, b]);
        assert!(interleave(Vec::new()).is_empty());
    }
}
