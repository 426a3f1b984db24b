//! tokio, as far as this crate uses it: a runtime's id, the thread's runtime, and `AsyncFd` by its polls.
//!
//! A runtime is driven by whoever calls [`Runtime::turn`], and its end is [`Runtime::shut_down`]; each may be called while
//! others use the runtime, as with one of many threads. Readiness is kept until it is cleared, or for ever if it is that
//! something has closed; each direction has one waker; clearing forgets nothing that has come since.

pub(crate) mod runtime {
    use super::unix::{Io, READY_FOR_ALL};
    use crate::loom_test::kernel::Epoll;
    use crate::sync::atomic::{AtomicU64, Ordering};
    use crate::sync::lock;
    use loom::sync::Mutex;
    use std::cell::RefCell;
    use std::io;
    use std::os::fd::RawFd;
    use std::sync::Arc;

    loom::thread_local! {
        static CURRENT: RefCell<Option<Handle>> = RefCell::new(None);
    }
    loom::lazy_static! {
        static ref NEXT: AtomicU64 = AtomicU64::new(0);
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct Id(u64);

    // It is in public functions of this crate, as tokio's is.
    #[allow(unreachable_pub)]
    #[derive(Clone, Debug)]
    pub struct Handle {
        id: Id,
        driver: Arc<Driver>,
    }

    #[derive(Debug)]
    struct Driver {
        epoll: Epoll,
        /// None after the end.
        registered: Mutex<Option<Registered>>,
    }

    #[derive(Debug, Default)]
    struct Registered {
        next: u64,
        by_token: Vec<(u64, Arc<Io>)>,
    }

    pub(crate) struct Enter(Option<Handle>);

    #[derive(Debug)]
    pub(crate) struct TryCurrentError;

    impl TryCurrentError {
        pub(crate) fn is_thread_local_destroyed(&self) -> bool {
            false
        }
    }

    #[derive(PartialEq, Eq)]
    pub(crate) enum RuntimeFlavor {
        CurrentThread,
    }

    impl Handle {
        pub(crate) fn try_current() -> Result<Handle, TryCurrentError> {
            CURRENT.with(|current| current.borrow().clone()).ok_or(TryCurrentError)
        }

        pub(crate) fn id(&self) -> Id {
            self.id
        }

        pub(crate) fn runtime_flavor(&self) -> RuntimeFlavor {
            RuntimeFlavor::CurrentThread
        }

        pub(crate) fn enter(&self) -> Enter {
            Enter(CURRENT.with(|current| current.replace(Some(self.clone()))))
        }

        pub(super) fn register(
            &self,
            fd: RawFd,
            interest: crate::reactor::Interest,
        ) -> io::Result<(u64, Arc<Io>)> {
            let mut registered = lock(&self.driver.registered);
            let ended = || io::Error::other("the runtime has ended");
            let registered = registered.as_mut().ok_or_else(ended)?;
            let (token, io) = (registered.next, Arc::new(Io::default()));
            registered.next += 1;
            registered.by_token.push((token, io.clone()));
            self.driver.epoll.add(fd, token, interest);
            Ok((token, io))
        }

        pub(super) fn deregister(&self, fd: RawFd, token: u64) {
            self.driver.epoll.delete(fd);
            let mut registered = lock(&self.driver.registered);
            if let Some(registered) = &mut *registered {
                registered.by_token.retain(|(known, _)| *known != token);
            }
        }
    }

    impl Drop for Enter {
        fn drop(&mut self) {
            CURRENT.with(|current| current.replace(self.0.take()));
        }
    }

    pub(crate) struct Runtime(Handle);

    impl Runtime {
        pub(crate) fn new() -> Runtime {
            let driver =
                Driver { epoll: Epoll::new(), registered: Mutex::new(Some(Registered::default())) };
            let id = Id(NEXT.fetch_add(1, Ordering::Relaxed));
            Runtime(Handle { id, driver: Arc::new(driver) })
        }

        pub(crate) fn handle(&self) -> &Handle {
            &self.0
        }

        /// Hands on what has happened.
        pub(crate) fn turn(&self) {
            for (token, ready) in self.0.driver.epoll.poll() {
                let registered = lock(&self.0.driver.registered);
                let io = registered.as_ref().and_then(|registered| {
                    registered.by_token.iter().find(|(known, _)| *known == token)
                });
                let io = io.map(|(_, io)| io.clone());
                drop(registered);
                if let Some(io) = io {
                    io.set(ready, false);
                }
            }
        }

        /// Everybody who waits, now or later, is told that it has ended.
        pub(crate) fn shut_down(&self) {
            let registered = lock(&self.0.driver.registered).take();
            for (_, io) in registered.into_iter().flat_map(|registered| registered.by_token) {
                io.set(READY_FOR_ALL, true);
            }
        }
    }
}

pub(crate) mod io {
    pub(crate) use super::unix;
    pub(crate) use crate::reactor::{Interest, Ready};
}

pub(crate) mod task {
    pub(crate) fn unconstrained<F>(future: F) -> F {
        future
    }
}

pub(crate) mod unix {
    use super::runtime::Handle;
    use crate::reactor::{Direction, Interest, Ready};
    use crate::sync::lock;
    use loom::sync::Mutex;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    pub(super) const READY_FOR_ALL: Ready = Ready::ALL;
    const FOR_EVER: Ready = Ready(Ready::READ_CLOSED.0 | Ready::WRITE_CLOSED.0);

    #[derive(Debug, Default)]
    pub(crate) struct Io(Mutex<State>);

    #[derive(Debug, Default)]
    struct State {
        ready: Ready,
        tick: usize,
        ended: bool,
        wakers: [Option<Waker>; 2],
    }

    impl Io {
        pub(super) fn set(&self, ready: Ready, ended: bool) {
            let mut state = lock(&self.0);
            if ended {
                state.ended = true;
            } else {
                state.ready |= ready;
                state.tick += 1;
            }
            let wakers = Direction::BOTH.map(|direction| {
                let concerned = ready.intersects(direction.interest().mask());
                concerned.then(|| state.wakers[direction as usize].take())
            });
            drop(state);
            wakers.into_iter().flatten().flatten().for_each(Waker::wake);
        }
    }

    #[derive(Debug)]
    pub(crate) struct AsyncFd<T: AsRawFd> {
        fd: T,
        handle: Handle,
        token: u64,
        io: Arc<Io>,
    }

    pub(crate) struct AsyncFdReadyGuard<'a, T: AsRawFd> {
        fd: &'a AsyncFd<T>,
        ready: Ready,
        tick: usize,
    }

    impl<T: AsRawFd> AsyncFd<T> {
        pub(crate) fn with_interest(fd: T, interest: Interest) -> io::Result<AsyncFd<T>> {
            let handle = Handle::try_current().expect("the caller is inside a runtime");
            let (token, io) = handle.register(fd.as_raw_fd(), interest)?;
            Ok(AsyncFd { fd, handle, token, io })
        }

        pub(crate) fn get_ref(&self) -> &T {
            &self.fd
        }

        pub(crate) fn poll_read_ready(
            &self,
            cx: &mut Context<'_>,
        ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
            self.poll(cx, Direction::Read)
        }

        pub(crate) fn poll_write_ready(
            &self,
            cx: &mut Context<'_>,
        ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
            self.poll(cx, Direction::Write)
        }

        fn poll(
            &self,
            cx: &mut Context<'_>,
            direction: Direction,
        ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
            let mut state = lock(&self.io.0);
            let ready = Ready(state.ready.0 & direction.interest().mask().0);
            if state.ended {
                Poll::Ready(Err(io::Error::other("the runtime has ended")))
            } else if ready.is_empty() {
                let former = state.wakers[direction as usize].replace(cx.waker().clone());
                drop(state);
                drop(former);
                Poll::Pending
            } else {
                Poll::Ready(Ok(AsyncFdReadyGuard { fd: self, ready, tick: state.tick }))
            }
        }
    }

    impl<T: AsRawFd> AsyncFdReadyGuard<'_, T> {
        pub(crate) fn ready(&self) -> Ready {
            self.ready
        }

        pub(crate) fn clear_ready(&mut self) {
            let mut state = lock(&self.fd.io.0);
            if state.tick == self.tick {
                state.ready.0 &= !(self.ready.0 & !FOR_EVER.0);
            }
        }
    }

    impl<T: AsRawFd> Drop for AsyncFd<T> {
        fn drop(&mut self) {
            self.handle.deregister(self.fd.as_raw_fd(), self.token);
            let wakers = std::mem::take(&mut lock(&self.io.0).wakers);
            drop(wakers);
        }
    }
}
