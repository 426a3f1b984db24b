//! The libraries under test: dormouse, as this program was built with it, and its peers.

use crate::outcome;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// A sleep of any of the libraries.
pub(crate) type BoxSleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A library with timers.
#[derive(Clone, Copy)]
pub(crate) struct Library {
    pub(crate) name: &'static str,
    pub(crate) sleep: fn(Duration) -> BoxSleep,
    /// Whether it is tested inside a tokio runtime.
    pub(crate) in_tokio: bool,
}

/// dormouse on a reactor that the features of this build select.
const fn dormouse(name: &'static str, in_tokio: bool) -> Library {
    Library { name, sleep: |time| Box::pin(dormouse::sleep(time)), in_tokio }
}

const LIBRARIES: &[Library] = &[
    #[cfg(not(any(feature = "tokio", feature = "smol")))]
    dormouse("dormouse-builtin", false),
    #[cfg(feature = "tokio")]
    dormouse("dormouse-tokio", true),
    #[cfg(feature = "smol")]
    dormouse("dormouse-async-io", false),
    Library { name: "tokio", sleep: |time| Box::pin(tokio::time::sleep(time)), in_tokio: true },
    Library {
        name: "async-io",
        sleep: |time| {
            Box::pin(async move {
                smol::Timer::after(time).await;
            })
        },
        in_tokio: false,
    },
    Library {
        name: "futures-timer",
        sleep: |time| Box::pin(futures_timer::Delay::new(time)),
        in_tokio: false,
    },
];

impl Library {
    pub(crate) fn by_name(name: &str) -> Option<Library> {
        LIBRARIES.iter().find(|library| library.name == name).copied()
    }

    pub(crate) fn is_dormouse(self) -> bool {
        self.name.starts_with("dormouse")
    }

    /// Enters a tokio runtime whose workers drive it, if the library is tested in one. If no runtime can be built,
    /// dormouse is tested outside of one.
    pub(crate) fn enter(self) -> Option<EnterGuard<'static>> {
        if !self.in_tokio {
            return None;
        }
        let build = || Builder::new_multi_thread().worker_threads(2).enable_all().build();
        // tokio panics if it cannot start a thread.
        let built = std::panic::catch_unwind(build)
            .unwrap_or_else(|_| Err(std::io::Error::other("it panics")));
        match built {
            Ok(runtime) => Some(enter(runtime)),
            Err(_) if self.is_dormouse() => None,
            Err(err) => outcome::exit_with(&format!("no runtime: {err}")),
        }
    }
}

/// Enters a runtime that lives as long as the process.
pub(crate) fn enter(runtime: Runtime) -> EnterGuard<'static> {
    Box::leak(Box::new(runtime)).enter()
}
