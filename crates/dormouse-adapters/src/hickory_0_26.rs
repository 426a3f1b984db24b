//! DNS: the [`RuntimeProvider`] of [hickory-net](https://docs.rs/hickory-net/0.26) 0.26, for hickory-resolver 0.26.
//!
//! To have `TcpStream::connect` and the other functions of `dormouse::net` resolve names with hickory, in every library of
//! the program, pass a resolver to `dormouse::net::set_resolver` (feature `dns` of dormouse):
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dormouse::net::{LookupFuture, set_resolver};
//! use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
//! use hickory_resolver::Resolver;
//! use std::{io, net::SocketAddr};
//!
//! struct Hickory(Resolver<DormouseRuntimeProvider>);
//!
//! impl dormouse::net::Resolver for Hickory {
//!     fn resolve<'a>(&'a self, host: &'a str, port: u16) -> LookupFuture<'a> {
//!         Box::pin(async move {
//!             let found = self.0.lookup_ip(host).await.map_err(io::Error::other)?;
//!             Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect())
//!         })
//!     }
//! }
//!
//! set_resolver(Hickory(Resolver::builder(DormouseRuntimeProvider)?.build()?))?;
//! # Ok(())
//! # }
//! ```

use crate::hickory::{connect, hickory_traits};
use async_trait::async_trait;
use dormouse::clock::Realtime;
use dormouse::net::UdpSocket;
use dormouse::{sleep, task, timeout};
use hickory_net::runtime::{DnsTcpStream, DnsUdpSocket, RuntimeProvider, Spawn, Time};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Sockets, timers and tasks for a resolver of hickory, on any executor.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
/// use hickory_resolver::Resolver;
/// use hickory_resolver::config::{NameServerConfig, ResolverConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = NameServerConfig::udp_and_tcp("9.9.9.9".parse()?);
/// let config = ResolverConfig::from_name_servers(vec![server]);
/// let resolver = Resolver::builder_with_config(config, DormouseRuntimeProvider).build()?;
/// # dormouse::block_on(async {
/// let found = resolver.lookup_ip("127.0.0.1").await?;
/// assert!(found.iter().all(|address| address.is_loopback()));
/// # Ok(())
/// # })
/// # }
/// ```
pub use crate::hickory::DormouseRuntimeProvider;

/// Spawns the tasks of a resolver.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseHandle;
/// use hickory_net::runtime::Spawn;
///
/// let (done, wait) = async_channel::bounded(1);
/// DormouseHandle.spawn_bg(async move { drop(done.send(()).await) });
/// assert_eq!(dormouse::block_on(wait.recv()), Ok(()));
/// ```
pub use crate::hickory::DormouseHandle;

/// The timers of a resolver, on the default clock of dormouse, and its wall clock.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseTime;
/// use hickory_net::runtime::Time;
/// use std::time::Duration;
///
/// let slow = DormouseTime::timeout(Duration::from_millis(5), std::future::pending::<()>());
/// assert_eq!(dormouse::block_on(slow).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
/// ```
pub use crate::hickory::DormouseTime;

/// The UDP socket of a resolver.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
/// use hickory_net::runtime::{DnsUdpSocket, RuntimeProvider};
///
/// # fn main() -> std::io::Result<()> {
/// let server = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// let address = server.local_addr()?;
/// dormouse::block_on(async {
///     let any = "127.0.0.1:0".parse().expect("an address");
///     let socket = DormouseRuntimeProvider.bind_udp(any, address).await?;
///     assert_eq!(socket.send_to(b"question", address).await?, 8);
///     Ok(())
/// })
/// # }
/// ```
pub use crate::hickory::DormouseUdpSocket;

/// The TCP connection of a resolver.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
/// use futures::AsyncWriteExt;
/// use hickory_net::runtime::RuntimeProvider;
///
/// # fn main() -> std::io::Result<()> {
/// let server = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let address = server.local_addr()?;
/// dormouse::block_on(async {
///     let mut stream = DormouseRuntimeProvider.connect_tcp(address, None, None).await?;
///     stream.write_all(b"question").await
/// })
/// # }
/// ```
pub use crate::hickory::DormouseTcpStream;

hickory_traits! {
    fn current_time() -> u64 {
        let now = SystemTime::from(Realtime::now());
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

impl Spawn for DormouseHandle {
    fn spawn_bg(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        drop(task::spawn(future));
    }
}
