//! Two versions of dormouse in one program, as a dependency graph can have them. `scripts/faults` makes the older one.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

/// Sleeps, and waits for readiness.
macro_rules! exercise {
    ($version:ident) => {
        async {
            for ms in [1, 5, 20, 50] {
                let start = Instant::now();
                $version::sleep(ms * MS).await;
                assert!(start.elapsed() >= ms * MS, "early");
                let (stream, mut peer) = UnixStream::pair().expect("a pair of sockets");
                stream.set_nonblocking(true).expect("a nonblocking socket");
                let mut stream = $version::io::AsyncFd::new(stream).expect("a registration");
                let waiting = $version::timeout(ms * MS, async { drop(stream.readable().await) }).await;
                assert!(waiting.is_err(), "nothing to read yet");
                peer.write_all(b"x").expect("room");
                drop(stream.readable().await.expect("readiness"));
                stream.get_mut().read_exact(&mut [0]).expect("the byte");
            }
        }
    };
}

async fn both() {
    futures::join!(exercise!(dormouse), exercise!(dormouse_before));
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
    println!("outcome: fires");
}
