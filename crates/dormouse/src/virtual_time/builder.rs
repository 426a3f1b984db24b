//! The options of a virtual time.

use super::VirtualTime;
use crate::virtual_clock::Shared;
use std::sync::Arc;
use std::time::Duration;

/// Creates a [`VirtualTime`] with options. Returned by [`VirtualTime::builder`].
///
/// ```
/// use dormouse::virtual_time::Builder;
/// use std::time::Duration;
/// let time = Builder::default().grace(Duration::from_millis(50)).build();
/// time.block_on(dormouse::sleep(Duration::ZERO));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder {
    grace: Duration,
}

impl Builder {
    /// How long [`block_on`](VirtualTime::block_on) waits, in real time, before each jump. The default is zero.
    ///
    /// A peer outside of virtual time, such as a server on another thread, needs real time to answer. Without a grace,
    /// time jumps to the next deadline while the answer is on its way. An event, a wake-up or a new timer within the grace
    /// begins another one, so it has to be as long as one answer takes, not as long as all of them. While events
    /// come more often than that, time does not advance. Each jump takes that long: with a grace of 50 ms, 100 ticks of
    /// an interval take 5 s.
    ///
    /// [`advance`](VirtualTime::advance) does not wait for such a peer: wait for its answer before the call.
    ///
    /// ```
    /// use dormouse::{VirtualTime, net::TcpStream, time::Instant, timeout};
    /// use std::io::{Read, Write};
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let address = listener.local_addr()?;
    /// let server = std::thread::spawn(move || {
    ///     let (mut client, _) = listener.accept()?;
    ///     let mut question = [0; 4];
    ///     client.read_exact(&mut question)?;
    ///     std::thread::sleep(Duration::from_millis(20));
    ///     client.write_all(b"pong")?;
    ///     client.read(&mut question) // It does not answer again.
    /// });
    ///
    /// let time = VirtualTime::builder().grace(Duration::from_secs(1)).build();
    /// time.block_on(async {
    ///     let start = Instant::now();
    ///     let minute = Duration::from_secs(60);
    ///     let server = TcpStream::connect(address).await?;
    ///     server.write_all(b"ping").await?;
    ///     let mut answer = [0; 4];
    ///     assert_eq!(timeout(minute, server.read(&mut answer)).await??, 4);
    ///     assert_eq!(start.elapsed(), Duration::ZERO);
    ///     // The server does not answer within the grace, so the time jumps to the deadline.
    ///     assert!(timeout(minute, server.read(&mut answer)).await.is_err());
    ///     assert_eq!(start.elapsed(), minute);
    ///     std::io::Result::Ok(())
    /// })?;
    /// assert_eq!(server.join().unwrap()?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn grace(mut self, grace: Duration) -> Builder {
        self.grace = grace;
        self
    }

    /// Creates the virtual time, which starts now.
    ///
    /// ```
    /// let time = dormouse::VirtualTime::builder().build();
    /// assert_eq!(time.now(), time.now());
    /// ```
    pub fn build(self) -> VirtualTime {
        VirtualTime(Arc::new(Shared::new(self.grace)))
    }
}
