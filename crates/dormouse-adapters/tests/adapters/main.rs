//! Each adapter against the real crate, and against the server that it talks to, on several executors.
//!
//! A test whose server is not installed prints a note, and does nothing.
#![allow(clippy::duplicate_mod, reason = "each example has the module of the executors")]

mod common;

#[cfg(all(feature = "async_rs_0_8", target_os = "linux"))]
mod amqp;
#[cfg(feature = "async_rs_0_8")]
mod async_rs;
#[cfg(all(feature = "zbus_6", target_os = "linux"))]
mod dbus;
#[cfg(all(any(feature = "hickory_0_25", feature = "hickory_0_26"), target_os = "linux"))]
mod dns;
#[cfg(feature = "hyper_1")]
mod http2;
#[cfg(all(feature = "netlink_sys_0_8", feature = "netlink_sys_0_9", target_os = "linux"))]
mod netlink;
#[cfg(feature = "noq_1")]
mod noq;
#[cfg(feature = "quinn_0_11")]
mod quic;
#[cfg(all(feature = "redis_1", target_os = "linux"))]
mod redis;
#[cfg(feature = "backon_1")]
mod retry;
#[cfg(feature = "opentelemetry_sdk_0_33")]
mod spans;
