//! Programs written for tokio run on any executor if their `use` lines name dormouse instead.
//!
//! Each file in `programs` is compiled twice. It imports from `super::rt`, which is tokio in one module, and in the other
//! one a facade that has dormouse's items under tokio's paths. So the compiler proves that the source is tokio's.

mod facade;

/// The programs with tokio itself.
#[allow(clippy::duplicate_mod, deprecated)] // tokio deprecates constructors that require `AsRawFd` alone
#[path = "programs"]
mod on_tokio {
    use ::tokio as rt;

    pub(crate) mod echo;
    #[cfg(unix)]
    pub(crate) mod fd;
    pub(crate) mod http;
    pub(crate) mod interval;
    pub(crate) mod udp;
    #[cfg(unix)]
    pub(crate) mod unix;
}

/// The same programs with dormouse.
#[allow(clippy::duplicate_mod, unused_imports, unused_mut)] // `read_exact` and others are methods of the types, with `&self`
#[path = "programs"]
mod on_dormouse {
    use crate::facade as rt;

    pub(crate) mod echo;
    #[cfg(unix)]
    pub(crate) mod fd;
    pub(crate) mod http;
    pub(crate) mod interval;
    pub(crate) mod udp;
    #[cfg(unix)]
    pub(crate) mod unix;
}

macro_rules! runs_with_tokio_and_with_dormouse {
    ($($program:ident)*) => {$(
        mod $program {
            #[test]
            fn with_tokio() {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
                runtime.block_on(crate::on_tokio::$program::main()).unwrap();
            }

            #[test]
            fn with_dormouse_on_tokio() {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build().unwrap();
                runtime.block_on(crate::on_dormouse::$program::main()).unwrap();
            }

            #[test]
            fn with_dormouse_on_smol() {
                smol::block_on(crate::on_dormouse::$program::main()).unwrap();
            }

            #[test]
            fn with_dormouse_alone() {
                dormouse::block_on(crate::on_dormouse::$program::main()).unwrap();
            }
        }
    )*};
}

runs_with_tokio_and_with_dormouse!(echo http interval udp);
#[cfg(unix)]
runs_with_tokio_and_with_dormouse!(fd unix);
