//! The connections to a listener, as a stream.

use crate::io::AsyncFd;
use futures_core::Stream;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(super) struct Incoming<'a, L: AsFd, S> {
    listener: &'a AsyncFd<L>,
    accept: fn(&L) -> io::Result<S>,
    explain: fn(&L, io::Error) -> io::Error,
}

impl<'a, L: AsFd, S> Incoming<'a, L, S> {
    pub(super) fn new(
        listener: &'a AsyncFd<L>,
        accept: fn(&L) -> io::Result<S>,
        explain: fn(&L, io::Error) -> io::Error,
    ) -> Self {
        Incoming { listener, accept, explain }
    }
}

impl<L: AsFd, S: AsFd> Stream for Incoming<'_, L, S> {
    type Item = io::Result<AsyncFd<S>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let explain = |err| (self.explain)(self.listener.get_ref(), err);
        loop {
            let mut guard = ready!(self.listener.poll_read_ready(cx)).map_err(explain)?;
            if let Ok(accepted) = guard.try_io(|listener| (self.accept)(listener.get_ref())) {
                let stream = accepted.and_then(AsyncFd::new).map_err(explain);
                return Poll::Ready(Some(stream));
            }
        }
    }
}
