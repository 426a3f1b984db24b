#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "async_rs_0_8")]
#[cfg_attr(docsrs, doc(cfg(feature = "async_rs_0_8")))]
pub mod async_rs_0_8;
#[cfg(feature = "backon_1")]
#[cfg_attr(docsrs, doc(cfg(feature = "backon_1")))]
pub mod backon_1;
#[cfg(feature = "hickory_0_25")]
#[cfg_attr(docsrs, doc(cfg(feature = "hickory_0_25")))]
pub mod hickory_0_25;
#[cfg(feature = "hickory_0_26")]
#[cfg_attr(docsrs, doc(cfg(feature = "hickory_0_26")))]
pub mod hickory_0_26;
#[cfg(feature = "hyper_1")]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper_1")))]
pub mod hyper_1;
#[cfg(all(feature = "netlink_sys_0_8", target_os = "linux"))]
#[cfg_attr(docsrs, doc(cfg(feature = "netlink_sys_0_8")))]
pub mod netlink_sys_0_8;
#[cfg(all(feature = "netlink_sys_0_9", target_os = "linux"))]
#[cfg_attr(docsrs, doc(cfg(feature = "netlink_sys_0_9")))]
pub mod netlink_sys_0_9;
#[cfg(feature = "noq_1")]
#[cfg_attr(docsrs, doc(cfg(feature = "noq_1")))]
pub mod noq_1;
#[cfg(feature = "opentelemetry_sdk_0_33")]
#[cfg_attr(docsrs, doc(cfg(feature = "opentelemetry_sdk_0_33")))]
pub mod opentelemetry_sdk_0_33;
#[cfg(feature = "quinn_0_11")]
#[cfg_attr(docsrs, doc(cfg(feature = "quinn_0_11")))]
pub mod quinn_0_11;
#[cfg(feature = "redis_1")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis_1")))]
pub mod redis_1;
#[cfg(all(feature = "zbus_6", unix))]
#[cfg_attr(docsrs, doc(cfg(feature = "zbus_6")))]
pub mod zbus_6;

#[cfg(any(feature = "hickory_0_25", feature = "hickory_0_26"))]
mod hickory;
#[cfg(all(any(feature = "netlink_sys_0_8", feature = "netlink_sys_0_9"), target_os = "linux"))]
mod netlink;
#[cfg(any(feature = "noq_1", feature = "quinn_0_11"))]
mod quic;
#[cfg(any(feature = "noq_1", feature = "quinn_0_11"))]
mod std_clock;
