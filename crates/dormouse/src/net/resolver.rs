//! Host names: [`lookup_host`], and what resolves them.
//!
//! The module exists twice. Without the feature `dns` it is `net/resolver/absent.rs`, in which a name is an error.
//!
//! # Invariants
//! - An address as text, and `localhost`, are no names: they come here neither to wait nor to start a thread.
//! - A resolver of the program that panics is an error for its caller.
//! - A resolver that looks up a name in its own future, for example of its own server, gets the answer of the system. So it
//!   does not call itself without end.

use super::addr::{Addresses, ToSocketAddrs, resolve};
use super::error::with_context;
use crate::catch_panic::catch_panic;
use crate::fork::PerProcess;
use crate::unblock::{Kind, unblock};
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{self, SocketAddr};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

/// Resolves a host name to socket addresses.
///
/// The order is that of getaddrinfo(3), which sorts by RFC 6724, or of the [resolver](set_resolver) that the program has
/// installed. What is an address already is returned at once.
///
/// `connect`, `bind` and `send_to` resolve names in the same way, so most programs need not call this.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::lookup_host;
/// use dormouse::timeout;
/// use std::time::Duration;
///
/// # dormouse::block_on(async {
/// let lookup = lookup_host("localhost:443");
/// for address in timeout(Duration::from_secs(5), lookup).await?? {
///     println!("{address}");
/// }
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// If there is no such name, the name server does not answer, or no thread can be started. `NotFound` if the resolver of
/// the program returns no address. The errors name the host. `InvalidInput` for a text that is neither an address nor a
/// name, or has no port.
///
/// std gives the errors of getaddrinfo(3) a kind that no program can match. So an unknown name and a name server that does
/// not answer differ in the message alone. A resolver of the program chooses its kinds.
///
/// # Cancel safety
/// Dropping the future cancels the lookup. A getaddrinfo(3) that has begun runs to its end on its thread.
#[doc(alias = "dns")]
#[cfg_attr(docsrs, doc(cfg(feature = "dns")))]
#[doc(alias = "resolve")]
#[doc(alias = "getaddrinfo")]
pub async fn lookup_host<A: ToSocketAddrs>(
    host: A,
) -> io::Result<impl Iterator<Item = SocketAddr> + use<A>> {
    resolve(host.parse_addrs()).await
}

/// Resolves host names, in place of the system. Install it with [`set_resolver`].
///
/// The crate `dormouse-adapters` shows one that is built on hickory.
///
/// ```
/// use dormouse::net::{LookupFuture, Resolver};
/// use std::io::{Error, ErrorKind};
/// use std::net::{Ipv4Addr, SocketAddr};
///
/// /// A resolver that knows one name.
/// struct OneName;
///
/// impl Resolver for OneName {
///     fn resolve<'a>(&'a self, host: &'a str, port: u16) -> LookupFuture<'a> {
///         Box::pin(async move {
///             match host {
///                 "printer.example" => Ok(vec![SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), port))]),
///                 _ => Err(Error::new(ErrorKind::NotFound, "no such name")),
///             }
///         })
///     }
/// }
///
/// let addresses = dormouse::block_on(OneName.resolve("printer.example", 631)).unwrap();
/// assert_eq!(addresses, ["192.0.2.7:631".parse().unwrap()]);
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "dns")))]
pub trait Resolver: Send + Sync {
    /// The addresses of a host, each with the port, in the order in which they are to be tried.
    ///
    /// `host` is neither an address nor `localhost`. It may end with a dot. A call of [`lookup_host`] or `connect` with a
    /// name inside the future asks the system, and not this resolver again. In a task that the future spawns, it asks this
    /// resolver.
    ///
    /// The future is polled by the task that needs the addresses, and dropped if that task is.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::Resolver;
    /// use std::net::SocketAddr;
    ///
    /// async fn first_address(resolver: &dyn Resolver) -> Option<SocketAddr> {
    ///     resolver.resolve("printer.example", 631).await.ok()?.first().copied()
    /// }
    /// # Ok(())
    /// # }
    /// ```
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> LookupFuture<'a>;
}

/// Future returned by [`Resolver::resolve`].
///
/// ```
/// use dormouse::net::LookupFuture;
/// let lookup: LookupFuture<'static> = Box::pin(async { Ok(Vec::new()) });
/// assert!(dormouse::block_on(lookup).unwrap().is_empty());
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "dns")))]
pub type LookupFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Installs the resolver of the program, once for the process. From then on, it resolves every host name instead of
/// getaddrinfo(3).
///
/// This is for programs, at their start: a library leaves the choice to the program. The child of a fork begins without a
/// resolver.
///
/// ```
/// use dormouse::net::{LookupFuture, Resolver, SetResolverError, set_resolver};
///
/// struct Offline;
///
/// impl Resolver for Offline {
///     fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> LookupFuture<'a> {
///         Box::pin(async { Err(std::io::Error::other("this program makes no queries")) })
///     }
/// }
///
/// # fn main() -> Result<(), SetResolverError> {
/// set_resolver(Offline)?;
/// assert!(set_resolver(Offline).is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If a resolver is installed already: it stays.
#[cfg_attr(docsrs, doc(cfg(feature = "dns")))]
pub fn set_resolver(resolver: impl Resolver + 'static) -> Result<(), SetResolverError> {
    let installed = INSTALLED.get(|_| OnceLock::new());
    installed.set(Box::new(resolver)).map_err(|_| SetResolverError(()))
}

static INSTALLED: PerProcess<OnceLock<Box<dyn Resolver>>> = PerProcess::new(OnceLock::new());

/// Error of [`set_resolver`]: a resolver is installed already.
///
/// ```
/// # use dormouse::net::{LookupFuture, Resolver, set_resolver};
/// # struct Offline;
/// # impl Resolver for Offline {
/// #     fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> LookupFuture<'a> {
/// #         Box::pin(async { Err(std::io::Error::other("no queries")) })
/// #     }
/// # }
/// let _ = set_resolver(Offline);
/// let err = set_resolver(Offline).unwrap_err();
/// assert_eq!(err.to_string(), "a resolver of names is installed already");
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "dns")))]
#[derive(Debug)]
pub struct SetResolverError(());

impl fmt::Display for SetResolverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resolver of names is installed already")
    }
}

impl std::error::Error for SetResolverError {}

/// A host name with a port.
#[derive(Debug)]
pub struct Name {
    host: String,
    port: u16,
}

impl Name {
    /// `text`, what the caller has passed, is for the error without the feature `dns`.
    pub(super) fn new(host: &str, port: u16, _text: impl fmt::Display) -> io::Result<Name> {
        Ok(Name { host: host.into(), port })
    }
}

/// Boxed, so that the futures of sockets are not larger than without names.
pub(super) fn lookup(name: Name) -> Pin<Box<dyn Future<Output = io::Result<Addresses>> + Send>> {
    Box::pin(async move {
        let Name { host, port } = name;
        let resolved = match INSTALLED.get(|_| OnceLock::new()).get() {
            Some(resolver) if !InResolver::is_current() => {
                ResolverFuture::new(&**resolver, &host, port).await.and_then(not_empty)
            }
            _ => getaddrinfo(host.clone(), port).await,
        };
        let addresses =
            resolved.map_err(|err| with_context(err, format_args!("cannot resolve {host:?}")))?;
        Ok(Addresses::from(addresses))
    })
}

fn not_empty(addresses: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    }
    Ok(addresses)
}

async fn getaddrinfo(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let resolve = move || net::ToSocketAddrs::to_socket_addrs(&(host.as_str(), port));
    Ok(unblock(Kind::Lookup, resolve).await??.collect())
}

/// The future of the resolver of the program. A panic in it is an error.
struct ResolverFuture<'a>(Option<LookupFuture<'a>>);

impl<'a> ResolverFuture<'a> {
    fn new(resolver: &'a dyn Resolver, host: &'a str, port: u16) -> ResolverFuture<'a> {
        let mut future = None;
        catch_panic(|| future = Some(InResolver::call(|| resolver.resolve(host, port))));
        ResolverFuture(future)
    }
}

impl Future for ResolverFuture<'_> {
    type Output = io::Result<Vec<SocketAddr>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // `None` if the call that creates the future has panicked.
        let mut polled = None;
        if let Some(future) = &mut self.0 {
            catch_panic(|| polled = Some(InResolver::call(|| future.as_mut().poll(cx))));
        }
        polled.unwrap_or_else(|| Poll::Ready(Err(io::Error::other("the resolver has panicked"))))
    }
}

impl Drop for ResolverFuture<'_> {
    fn drop(&mut self) {
        let future = self.0.take();
        catch_panic(|| drop(future));
    }
}

/// The thread is in a call of the program's resolver.
struct InResolver {
    outer: bool,
}

thread_local! {
    static IN_RESOLVER: Cell<bool> = const { Cell::new(false) };
}

impl InResolver {
    fn call<R>(call: impl FnOnce() -> R) -> R {
        let outer = IN_RESOLVER.try_with(|current| current.replace(true)).unwrap_or(false);
        let _restore = InResolver { outer };
        call()
    }

    fn is_current() -> bool {
        IN_RESOLVER.try_with(Cell::get).unwrap_or(false)
    }
}

impl Drop for InResolver {
    fn drop(&mut self) {
        let _ = IN_RESOLVER.try_with(|current| current.set(self.outer));
    }
}
