//! The reactor that an AsyncFd is registered with.

use crate::common::stream::std_pair;
use crate::common::{self, BOTH, MS};
use crate::{pair, read, write};
use dormouse::io::AsyncFd;
use dormouse::reactor::Reactor;
use dormouse::{sleep, timeout};
use futures::join;

#[test]
fn a_wait_survives_the_shutdown_of_its_tokio_runtime() {
    for runtime in [common::current_thread, common::multi_thread] {
        common::within_time(|| {
            let runtime = runtime();
            let (local, peer) = runtime.block_on(async { pair() });
            assert_eq!(local.reactor().name(), "tokio");
            std::thread::scope(|scope| {
                let wait = scope.spawn(|| dormouse::block_on(read(&local)));
                std::thread::sleep(10 * MS);
                drop(runtime);
                std::thread::sleep(10 * MS);
                dormouse::block_on(write(&peer, b"x")).unwrap();
                assert_eq!(wait.join().unwrap().unwrap(), b"x");
            });
            // If the byte arrived before the read, that has not waited.
            assert!(dormouse::block_on(timeout(MS, read(&local))).is_err());
            assert_ne!(local.reactor().name(), "tokio");
        });
    }
}

#[test]
fn new_on_uses_the_given_reactor_in_any_context() {
    common::within_time(|| {
        let runtime = common::multi_thread();
        let reactors = [
            Reactor::builtin(),
            Reactor::tokio(runtime.handle()).unwrap(),
            #[cfg(feature = "smol")]
            Reactor::async_io(),
        ];
        for reactor in &reactors {
            let (local, peer) = std_pair();
            let local = AsyncFd::new_on(reactor, local, BOTH).unwrap();
            let peer = AsyncFd::new_on(reactor, peer, BOTH).unwrap();
            assert_eq!(local.reactor().name(), reactor.name());
            let exchange = async {
                let (got, _) = join!(read(&local), async {
                    sleep(2 * MS).await;
                    write(&peer, b"x").await
                });
                assert_eq!(got.unwrap(), b"x");
                assert!(timeout(5 * MS, read(&local)).await.is_err());
            };
            dormouse::block_on(exchange);
        }
    });
}
