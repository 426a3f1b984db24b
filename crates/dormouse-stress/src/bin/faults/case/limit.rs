//! The process is at its limit of open fds.

use crate::library::Library;
use crate::outcome::{FIRES, NOT_TRIED, and_then};
use crate::tracked_sleep::{TrackedSleep, observe, some_sleeps};
use dormouse::net::TcpListener;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::future::Future;
use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Opens fds until there are no more.
fn take_all_fds() -> std::io::Result<Vec<File>> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit })?;
    Ok(std::iter::from_fn(|| File::open("/dev/null").ok()).collect())
}

pub(super) fn no_fds(library: Library) -> String {
    let _context = library.enter();
    match take_all_fds() {
        Ok(_taken) => observe(&mut some_sleeps(library)),
        Err(_) => "not tried: the limit cannot be set".to_owned(),
    }
}

/// One fd is left when a connection is accepted. Whether that fails or not, the connection is not lost.
pub(super) fn accept(library: Library) -> String {
    if !library.is_dormouse() {
        return NOT_TRIED.to_owned();
    }
    let _context = library.enter();
    let first = observe(&mut some_sleeps(library));
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let listener = Arc::new(TcpListener::from_std(listener).expect("a reactor"));
    let address = listener.local_addr().expect("an address");
    let mut client = TcpStream::connect(address).expect("a connection");
    client.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let mut taken = take_all_fds().expect("a limit");
    taken.pop();
    let accept = || {
        let listener = listener.clone();
        completed(async move { listener.accept().await.ok() }).flatten()
    };
    let accepted = accept();
    drop(taken);
    let accepted = accepted.or_else(accept);
    // The peer of a lost connection reads its end.
    let open = client.read(&mut [0]).is_err();
    and_then(first, || {
        if open && accepted.is_some() { FIRES } else { "a connection is lost" }.to_owned()
    })
}

/// The result of a future that completes in time.
fn completed<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let result = Arc::new(Mutex::new(None));
    let set = result.clone();
    let future = async move { *set.lock().expect("no panic under this lock") = Some(future.await) };
    observe(&mut [TrackedSleep::from_sleep(Box::pin(future), Instant::now())]);
    result.lock().expect("no panic under this lock").take()
}
