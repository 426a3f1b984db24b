//! Who is under test: dormouse, as this program was built with it, and its peers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::{Builder, EnterGuard, Runtime};

/// A sleep, whosever it is.
pub(crate) type Nap = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A library with timers.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) sleep: fn(Duration) -> Nap,
    /// It is to be used inside a tokio runtime.
    pub(crate) in_tokio: bool,
}

/// What serves dormouse here: that depends on the features it was built with.
pub(crate) const DORMOUSE: &str = if cfg!(feature = "tokio") {
    "dormouse-tokio"
} else if cfg!(feature = "smol") {
    "dormouse-async-io"
} else {
    "dormouse-builtin"
};

const SUBJECTS: [Subject; 4] = [
    Subject {
        name: DORMOUSE,
        sleep: |time| Box::pin(dormouse::sleep(time)),
        in_tokio: cfg!(feature = "tokio"),
    },
    Subject { name: "tokio", sleep: |time| Box::pin(tokio::time::sleep(time)), in_tokio: true },
    Subject {
        name: "async-io",
        sleep: |time| {
            Box::pin(async move {
                smol::Timer::after(time).await;
            })
        },
        in_tokio: false,
    },
    Subject {
        name: "futures-timer",
        sleep: |time| Box::pin(futures_timer::Delay::new(time)),
        in_tokio: false,
    },
];

impl Subject {
    pub(crate) fn by_name(name: &str) -> Option<Subject> {
        SUBJECTS.into_iter().find(|subject| subject.name == name)
    }

    pub(crate) fn is_dormouse(self) -> bool {
        self.name == DORMOUSE
    }

    /// Where it is used: inside a tokio runtime whose workers drive it, if it is one for that. If there
    /// can be no runtime, dormouse goes on outside of it.
    pub(crate) fn enter(self) -> Option<EnterGuard<'static>> {
        if !self.in_tokio {
            return None;
        }
        match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => Some(enter(runtime)),
            Err(_) if self.is_dormouse() => None,
            Err(err) => {
                crate::case::conclude(&format!("no runtime: {err}"));
            }
        }
    }
}

/// Enters a runtime for as long as the program runs.
pub(crate) fn enter(runtime: Runtime) -> EnterGuard<'static> {
    Box::leak(Box::new(runtime)).enter()
}
