//! Stubs for the peers that are not built in.

macro_rules! absent {
    ($name:ident, $feature:literal) => {
        #[cfg(not(feature = $feature))]
        pub(crate) struct $name;

        #[cfg(not(feature = $feature))]
        impl crate::peer::Peer for $name {
            type Sleep = std::future::Pending<()>;

            fn start() -> Result<Self, String> {
                Err(concat!("not built in: needs --features ", $feature).into())
            }

            fn block_on<F: Future>(&self, _: F) -> F::Output {
                unreachable!("start fails")
            }

            fn sleep(_: std::time::Duration) -> Self::Sleep {
                std::future::pending()
            }
        }

        #[cfg(not(feature = $feature))]
        impl super::SpawnLocal for $name {
            fn spawn_local<F: Future<Output = ()> + 'static>(
                future: F,
            ) -> impl Future<Output = ()> {
                future
            }
        }
    };
}

absent!(Monoio, "thread-per-core");
absent!(Glommio, "thread-per-core");
absent!(Compio, "extra-peers");
absent!(Zruntime, "extra-peers");
