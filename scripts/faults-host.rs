//! The libraries under test as a shared library for a program in C, `scripts/faults-host.c`. Each function takes the
//! name of a library, and returns 0, or what it has found instead.

use std::ffi::{CStr, c_char, c_int};
use std::future::Future;
use std::io::{ErrorKind, IoSlice, Result};
use std::panic::catch_unwind;
use std::pin::Pin;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const EARLY: c_int = 1;
const OTHER_ERROR: c_int = 2;
const PANICS: c_int = 3;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// Runs a future of the library where the library is used: in a tokio runtime or outside.
fn run<T>(library: &str, future: impl FnOnce() -> BoxFuture<T>) -> T {
    if library.ends_with("tokio") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        return runtime.expect("a runtime").block_on(async { future().await });
    }
    futures::executor::block_on(future())
}

fn sleep(library: &str, time: Duration) -> BoxFuture<()> {
    match library {
        "tokio" => Box::pin(tokio::time::sleep(time)),
        "async-io" => Box::pin(async move { _ = smol::Timer::after(time).await }),
        "futures-timer" => Box::pin(futures_timer::Delay::new(time)),
        _ => Box::pin(dormouse::sleep(time)),
    }
}

/// Writes to a socket whose peer is closed, in both ways.
async fn write_twice(library: &str) -> Result<[Result<usize>; 2]> {
    let slices = [IoSlice::new(b"x"), IoSlice::new(b"y")];
    Ok(match library {
        "tokio" => {
            let (stream, _) = tokio::net::UnixStream::pair()?;
            stream.writable().await?;
            [stream.try_write(b"x"), stream.try_write_vectored(&slices)]
        }
        "async-io" => {
            let (mut stream, _) = smol::Async::<std::os::unix::net::UnixStream>::pair()?;
            use futures::AsyncWriteExt;
            [stream.write(b"x").await, stream.write_vectored(&slices).await]
        }
        // It has no sockets.
        "futures-timer" => [const { Err(ErrorKind::BrokenPipe) }; 2].map(|closed| Ok(closed?)),
        _ => {
            let (stream, _) = dormouse::net::UnixStream::pair()?;
            [stream.write(b"x").await, stream.write_vectored(&slices).await]
        }
    })
}

/// # Safety
/// `library` is a string of C.
unsafe fn caught(library: *const c_char, call: impl FnOnce(&'static str) -> c_int) -> c_int {
    let library: &'static CStr = unsafe { CStr::from_ptr(library) };
    let library = library.to_str().unwrap_or_default();
    catch_unwind(std::panic::AssertUnwindSafe(|| call(library))).unwrap_or(PANICS)
}

/// Sleeps for some milliseconds.
///
/// # Safety
/// As [`caught`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faults_sleep(library: *const c_char) -> c_int {
    let sleeps = |library| {
        for ms in [1, 20] {
            let start = Instant::now();
            run(library, || sleep(library, ms * MS));
            if start.elapsed() < ms * MS {
                return EARLY;
            }
        }
        0
    };
    unsafe { caught(library, sleeps) }
}

/// Whether a write to a closed socket returns an error, and does not end the process.
///
/// # Safety
/// As [`caught`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faults_write(library: *const c_char) -> c_int {
    let broken = |result: &Result<usize>| {
        result.as_ref().is_err_and(|err| err.kind() == ErrorKind::BrokenPipe)
    };
    let write = |library| match run(library, || Box::pin(write_twice(library))) {
        Ok(results) if results.iter().all(broken) => 0,
        _ => OTHER_ERROR,
    };
    unsafe { caught(library, write) }
}

/// Runs when the shared library is loaded. A thread that starts meanwhile waits for the end of `dlopen`.
extern "C" fn constructor() {
    let Ok(library) = std::env::var("FAULTS_CONSTRUCTOR") else { return };
    match library.as_str() {
        "async-io" => smol::block_on(sleep("async-io", MS)),
        "tokio" | "futures-timer" => run(&library, || sleep(&library, MS)),
        _ => dormouse::block_on(sleep(&library, MS)),
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;
