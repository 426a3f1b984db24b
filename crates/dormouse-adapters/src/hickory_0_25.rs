//! DNS: the [`RuntimeProvider`] of [hickory-proto](https://docs.rs/hickory-proto/0.25) 0.25, for hickory-resolver 0.25.

use crate::hickory::{connect, hickory_traits};
use async_trait::async_trait;
use dormouse::net::UdpSocket;
use dormouse::{sleep, task, timeout};
use hickory_proto::ProtoError;
use hickory_proto::runtime::{RuntimeProvider, Spawn, Time};
use hickory_proto::tcp::DnsTcpStream;
use hickory_proto::udp::DnsUdpSocket;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Sockets, timers and tasks for a resolver of hickory, on any executor.
///
/// ```
/// use dormouse_adapters::hickory_0_25::DormouseRuntimeProvider;
/// # use hickory_resolver_0_25 as hickory_resolver;
/// use hickory_resolver::Resolver;
/// use hickory_resolver::config::{NameServerConfigGroup, ResolverConfig};
/// use hickory_resolver::name_server::GenericConnector;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let servers = NameServerConfigGroup::from_ips_clear(&["9.9.9.9".parse()?], 53, true);
/// let config = ResolverConfig::from_parts(None, Vec::new(), servers);
/// let connector = GenericConnector::new(DormouseRuntimeProvider);
/// let resolver = Resolver::builder_with_config(config, connector).build();
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
/// use dormouse_adapters::hickory_0_25::DormouseHandle;
/// use hickory_proto::runtime::Spawn;
///
/// let (done, wait) = async_channel::bounded(1);
/// DormouseHandle.spawn_bg(async move {
///     drop(done.send(()).await);
///     Ok(())
/// });
/// assert_eq!(dormouse::block_on(wait.recv()), Ok(()));
/// ```
pub use crate::hickory::DormouseHandle;

/// The timers of a resolver, on the default clock of dormouse.
///
/// ```
/// use dormouse_adapters::hickory_0_25::DormouseTime;
/// use hickory_proto::runtime::Time;
/// use std::time::Duration;
///
/// let slow = DormouseTime::timeout(Duration::from_millis(5), std::future::pending::<()>());
/// assert_eq!(dormouse::block_on(slow).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
/// ```
pub use crate::hickory::DormouseTime;

/// The UDP socket of a resolver.
///
/// ```
/// use dormouse_adapters::hickory_0_25::DormouseRuntimeProvider;
/// use hickory_proto::runtime::RuntimeProvider;
/// use hickory_proto::udp::DnsUdpSocket;
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
/// use dormouse_adapters::hickory_0_25::DormouseRuntimeProvider;
/// use futures::AsyncWriteExt;
/// use hickory_proto::runtime::RuntimeProvider;
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

hickory_traits!();

impl Spawn for DormouseHandle {
    fn spawn_bg<F: Future<Output = Result<(), ProtoError>> + Send + 'static>(&mut self, future: F) {
        drop(task::spawn(future));
    }
}
