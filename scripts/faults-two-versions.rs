//! Two versions of dormouse in one program, as a dependency graph can have them: `scripts/faults` makes the older one.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

/// Sleeps and readiness of both, side by side.
macro_rules! use_it {
    ($version:ident) => {
        async {
            for ms in [1, 5, 20, 50] {
                let start = Instant::now();
                $version::sleep(ms * MS).await;
                assert!(start.elapsed() >= ms * MS, "early");
                let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
                ours.set_nonblocking(true).expect("not to block");
                let mut ours = $version::io::AsyncFd::new(ours).expect("a watch");
                let waiting = $version::timeout(ms * MS, async { drop(ours.readable().await) }).await;
                assert!(waiting.is_err(), "there is nothing to read");
                theirs.write_all(b"x").expect("room");
                drop(ours.readable().await.expect("readiness"));
                ours.get_mut().read_exact(&mut [0]).expect("what was written");
            }
        }
    };
}

async fn both() {
    futures::join!(use_it!(dormouse), use_it!(dormouse_before));
}

fn main() {
    match std::env::args().nth(3).as_deref() {
        Some("dormouse-tokio") => {
            for mut builder in [
                tokio::runtime::Builder::new_current_thread(),
                tokio::runtime::Builder::new_multi_thread(),
            ] {
                builder.enable_all().build().expect("a runtime").block_on(both());
            }
        }
        Some("dormouse-async-io") => smol::block_on(both()),
        _ => {
            let other = std::thread::spawn(|| dormouse_before::block_on(both()));
            dormouse::block_on(both());
            futures::executor::block_on(both());
            other.join().expect("no panic");
        }
    }
    println!("verdict: fires");
}
