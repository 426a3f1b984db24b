//! dormouse's items under tokio's paths. What tokio provides without a runtime is tokio's: channels, macros, and the I/O
//! traits, which dormouse implements with the feature `tokio-io`.

pub(crate) use tokio::{join, pin, select, sync};

pub(crate) mod io {
    pub(crate) use dormouse::io::Interest;
    pub(crate) use tokio::io::*;

    #[cfg(unix)]
    pub(crate) mod unix {
        pub(crate) use dormouse::io::AsyncFd;
    }
}

pub(crate) mod net {
    pub(crate) use dormouse::net::*;
}

pub(crate) mod time {
    pub(crate) use dormouse::time::*;
}

/// dormouse spawns no tasks. Those of these programs run on smol's executor, even if tokio's runs the rest.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    smol::spawn(future).detach();
}
