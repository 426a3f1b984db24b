//! Redis: connections of [redis] 1 over the sockets of dormouse.
//!
//! redis has no trait for a runtime. It takes a connected stream, and returns a driver for the program to spawn: [`connect`]
//! does both.

use dormouse::net::TcpStream;
use dormouse::task;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ErrorKind, IntoConnectionInfo};
use redis::{RedisConnectionInfo, RedisError, RedisResult};
use tokio::io::{AsyncRead, AsyncWrite};

/// Connects to a server, over TCP or a Unix socket, on any executor.
///
/// ```no_run
/// # async fn counter() -> redis::RedisResult<u64> {
/// use dormouse_adapters::redis_1::connect;
/// use redis::AsyncCommands;
///
/// let mut connection = connect("redis://127.0.0.1/").await?;
/// connection.incr("visits", 1).await
/// # }
/// ```
///
/// The clones of the connection share it. Its driver is a task, which ends when the last clone is dropped and the server has
/// answered what was sent.
///
/// # Time limits
/// There are none, because those of redis need tokio or smol. Use `dormouse::timeout` around a call, and do not use
/// `set_response_timeout`, which panics outside of a tokio runtime.
///
/// # Errors
/// If the server cannot be reached or refuses the user, and for an address with TLS.
pub async fn connect(server: impl IntoConnectionInfo) -> RedisResult<MultiplexedConnection> {
    connect_with_config(server, AsyncConnectionConfig::new()).await
}

/// [`connect`] with a configuration, of which the time limits and the resolver are not used.
///
/// ```no_run
/// # async fn subscribe() -> redis::RedisResult<()> {
/// use dormouse_adapters::redis_1::connect_with_config;
///
/// let (sender, messages) = std::sync::mpsc::channel();
/// let config = redis::AsyncConnectionConfig::new()
///     .set_push_sender(move |message| sender.send(message).map_err(|_| redis::aio::SendError));
/// let mut connection = connect_with_config("redis://127.0.0.1/?protocol=resp3", config).await?;
/// connection.subscribe("news").await
/// # }
/// ```
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_with_config(
    server: impl IntoConnectionInfo,
    config: AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let server = server.into_connection_info()?;
    match server.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(server.tcp_settings().nodelay())?;
            start(server.redis_settings(), stream, config).await
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = dormouse::net::UnixStream::connect(path).await?;
            start(server.redis_settings(), stream, config).await
        }
        _ => {
            let reason = "dormouse connects to redis over TCP and Unix sockets, without TLS";
            Err(RedisError::from((ErrorKind::InvalidClientConfig, reason)))
        }
    }
}

async fn start(
    settings: &RedisConnectionInfo,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    config: AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let config = config.set_response_timeout(None);
    let (connection, driver) =
        MultiplexedConnection::new_with_config(settings, stream, config).await?;
    drop(task::spawn(driver));
    Ok(connection)
}
