//! A mock tokio, with as much as this crate uses: the id of a runtime, the current runtime of a thread, and the poll
//! functions of `AsyncFd`.
//!
//! [`Runtime::turn`](runtime::Runtime::turn) drives a runtime, and [`Runtime::shut_down`](runtime::Runtime::shut_down)
//! ends it. Both may be called while other threads use the runtime, as with a multi-threaded one. Readiness is kept until
//! it is cleared; that a direction has closed is never cleared. Each direction has one waker. Clearing keeps the events
//! that have happened since the readiness was seen.

pub(crate) mod runtime {
    use super::unix::{Io, shut_down_error};
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

    // Public functions of this crate have it in their signatures, as they have tokio's.
    #[allow(unreachable_pub)]
    #[derive(Clone, Debug)]
    pub struct Handle {
        id: Id,
        driver: Arc<Driver>,
    }

    #[derive(Debug)]
    struct Driver {
        epoll: Epoll,
        /// None after the shutdown.
        registrations: Mutex<Option<Registrations>>,
    }

    #[derive(Debug, Default)]
    struct Registrations {
        next_token: u64,
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

    /// As on a thread that drives a current-thread runtime.
    pub(crate) fn worker_index() -> Option<usize> {
        Some(0)
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
            let mut registrations = lock(&self.driver.registrations);
            let registrations = registrations.as_mut().ok_or_else(shut_down_error)?;
            let (token, io) = (registrations.next_token, Arc::new(Io::default()));
            registrations.next_token += 1;
            registrations.by_token.push((token, io.clone()));
            self.driver.epoll.add(fd, token, interest)?;
            Ok((token, io))
        }

        pub(super) fn deregister(&self, fd: RawFd, token: u64) {
            self.driver.epoll.delete(fd);
            if let Some(registrations) = &mut *lock(&self.driver.registrations) {
                registrations.by_token.retain(|(known, _)| *known != token);
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
            let registrations = Mutex::new(Some(Registrations::default()));
            let driver = Driver { epoll: Epoll::new(), registrations };
            let id = Id(NEXT.fetch_add(1, Ordering::Relaxed));
            Runtime(Handle { id, driver: Arc::new(driver) })
        }

        pub(crate) fn handle(&self) -> &Handle {
            &self.0
        }

        /// Delivers the events so far.
        pub(crate) fn turn(&self) {
            for (token, ready) in self.0.driver.epoll.poll() {
                let registrations = lock(&self.0.driver.registrations);
                let io = registrations.as_ref().and_then(|registrations| {
                    registrations.by_token.iter().find(|(known, _)| *known == token)
                });
                let io = io.map(|(_, io)| io.clone());
                drop(registrations);
                if let Some(io) = io {
                    io.set_readiness(ready);
                }
            }
        }

        /// Every wait, present and future, ends with an error.
        pub(crate) fn shut_down(&self) {
            let registrations = lock(&self.0.driver.registrations).take();
            for (_, io) in registrations.into_iter().flat_map(|all| all.by_token) {
                io.shut_down();
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

    const NEVER_CLEARED: Ready = Ready(Ready::READ_CLOSED.0 | Ready::WRITE_CLOSED.0);

    #[derive(Debug, Default)]
    pub(crate) struct Io(Mutex<IoState>);

    #[derive(Debug, Default)]
    struct IoState {
        ready: Ready,
        tick: usize,
        is_shut_down: bool,
        wakers: [Option<Waker>; 2],
    }

    impl Io {
        pub(super) fn set_readiness(&self, ready: Ready) {
            self.change(ready, |state| {
                state.ready |= ready;
                state.tick += 1;
            });
        }

        pub(super) fn shut_down(&self) {
            self.change(Ready::ALL, |state| state.is_shut_down = true);
        }

        /// Changes the state, and wakes the tasks that wait for any of `ready`.
        fn change(&self, ready: Ready, change: impl FnOnce(&mut IoState)) {
            let mut state = lock(&self.0);
            change(&mut state);
            let wakers = Direction::BOTH.map(|direction| {
                let is_ready = ready.intersects(direction.interest().mask());
                is_ready.then(|| state.wakers[direction as usize].take())
            });
            drop(state);
            wakers.into_iter().flatten().flatten().for_each(Waker::wake);
        }
    }

    pub(super) fn shut_down_error() -> io::Error {
        io::Error::other("the runtime has shut down")
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

        /// Calls `f` if any of `interest` is ready, and clears it if `f` returns `WouldBlock`.
        pub(crate) fn try_io<R>(
            &self,
            interest: Interest,
            f: impl FnOnce(&T) -> io::Result<R>,
        ) -> io::Result<R> {
            let (ready, tick) = {
                let state = lock(&self.io.0);
                (state.ready.intersection(interest.mask()), state.tick)
            };
            if ready.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let result = f(&self.fd);
            if result.as_ref().is_err_and(|err| err.kind() == io::ErrorKind::WouldBlock) {
                AsyncFdReadyGuard { fd: self, ready, tick }.clear_ready();
            }
            result
        }

        fn poll(
            &self,
            cx: &mut Context<'_>,
            direction: Direction,
        ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
            let mut state = lock(&self.io.0);
            let ready = Ready(state.ready.0 & direction.interest().mask().0);
            if state.is_shut_down {
                Poll::Ready(Err(shut_down_error()))
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
                state.ready.0 &= !(self.ready.0 & !NEVER_CLEARED.0);
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
