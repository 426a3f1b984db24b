//! One test for each reactor, with an explicit [`Reactor`](dormouse::reactor::Reactor): it does not depend on which
//! reactor the executor selects.

/// Generates one test per reactor from an async fn that takes the reactor, in a module with the name of that fn.
#[macro_export]
macro_rules! given_each_reactor {
    ($($promise:ident)*) => {$(
        mod $promise {
            #[allow(unused_imports, reason = "a tokio test takes the reactor of its runtime")]
            use dormouse::reactor::Reactor;

            #[test]
            fn builtin() {
                let test = || dormouse::block_on(super::$promise(Reactor::builtin()));
                $crate::common::within_time(test);
            }

            #[test]
            #[cfg(feature = "smol")]
            fn async_io() {
                let test = || smol::block_on(super::$promise(Reactor::async_io()));
                $crate::common::within_time(test);
            }

            #[test]
            #[cfg(feature = "tokio")]
            fn tokio_current_thread() {
                $crate::common::within_time(|| {
                    let runtime = $crate::common::current_thread();
                    let reactor = Reactor::tokio(runtime.handle()).unwrap();
                    runtime.block_on(super::$promise(reactor))
                });
            }

            #[test]
            #[cfg(feature = "tokio")]
            fn tokio_multi_thread() {
                $crate::common::within_time(|| {
                    let runtime = $crate::common::multi_thread();
                    let reactor = Reactor::tokio(runtime.handle()).unwrap();
                    runtime.block_on(super::$promise(reactor))
                });
            }
        }
    )*};
}
