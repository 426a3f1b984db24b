//! Tasks of several threads wait for one fd, each for another interest, while it moves from reactor to reactor.

use crate::common::sockets::{read_error_queue, set_timestamps, tcp_pair, wait_for_flags};
use crate::common::{BOTH, LIMIT, MS, TimedOut, strict_timeout, within_time};
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use rustix::event::PollFlags;
use rustix::net::{SendFlags, send};
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Barrier, mpsc};

const EVENTS: usize = 30;
const ROUNDS: usize = 10;

#[test]
fn no_event_is_lost_on_the_builtin_reactor() {
    within_time(|| (0..ROUNDS).for_each(|_| exchange_all(&Reactor::builtin(), || ())));
}

#[test]
#[cfg(feature = "smol")]
fn no_event_is_lost_while_an_fd_moves_from_async_io() {
    within_time(|| (0..ROUNDS).for_each(|_| exchange_all(&Reactor::async_io(), || ())));
}

#[test]
#[cfg(feature = "tokio")]
fn no_event_is_lost_while_an_fd_moves_from_tokio() {
    within_time(|| {
        let runtime = crate::common::multi_thread();
        let reactor = Reactor::tokio(runtime.handle()).unwrap();
        (0..ROUNDS).for_each(|_| exchange_all(&reactor, || ()));
    });
}

#[test]
#[cfg(feature = "tokio")]
fn no_event_is_lost_while_a_runtime_shuts_down() {
    within_time(|| {
        for round in 0..2 * ROUNDS {
            let runtime = crate::common::multi_thread();
            let reactor = Reactor::tokio(runtime.handle()).unwrap();
            let waits: &[Wait] = if round % 2 == 0 { &[data, room] } else { &[data, timestamp] };
            exchange(&reactor, SendFlags::empty(), waits, move || drop(runtime));
        }
    });
}

#[test]
fn the_first_wait_on_several_threads_ends_on_each() {
    within_time(|| {
        let runtime = crate::common::multi_thread();
        let reactors = [
            Reactor::builtin(),
            #[cfg(feature = "tokio")]
            Reactor::tokio(runtime.handle()).unwrap(),
            #[cfg(feature = "smol")]
            Reactor::async_io(),
        ];
        for reactor in &reactors {
            for round in 0..40 {
                let (local, peer) = tcp_pair();
                set_timestamps(&local);
                (&local).write_all(b"x").unwrap();
                send(&peer, b"x", SendFlags::OOB).unwrap();
                wait_for_flags(&local, PollFlags::ERR | PollFlags::PRI);
                let fd = &AsyncFd::new_on(reactor, local, BOTH).unwrap();
                if round % 2 == 0 {
                    // The reactor has reported what is there, before the first wait.
                    std::thread::sleep(MS / 4);
                }
                let both = Interest::READABLE | Interest::WRITABLE;
                for interest in [Interest::ERROR, Interest::READABLE | Interest::ERROR, both] {
                    let barrier = &Barrier::new(3);
                    std::thread::scope(|scope| {
                        for _ in 0..3 {
                            scope.spawn(move || {
                                barrier.wait();
                                let guard = block_on(fd.ready(interest)).expect("a wait was lost");
                                drop(guard.unwrap());
                            });
                        }
                    });
                }
            }
        }
        drop(runtime);
    });
}

type Wait = fn(&AsyncFd<TcpStream>);

fn exchange_all(reactor: &Reactor, disturb: fn()) {
    exchange(reactor, SendFlags::empty(), &[data, room], disturb);
    exchange(reactor, SendFlags::empty(), &[data, timestamp, room], disturb);
    #[cfg(not(dormouse_portable))]
    exchange(reactor, SendFlags::OOB, &[urgent, timestamp], disturb);
}

fn data(fd: &AsyncFd<TcpStream>) {
    let read = fd.async_io(Interest::READABLE, |mut fd| fd.read_exact(&mut [0]));
    block_on(read).expect("data was lost").unwrap();
}

fn room(fd: &AsyncFd<TcpStream>) {
    drop(block_on(fd.writable()).expect("room was lost").unwrap());
}

fn timestamp(fd: &AsyncFd<TcpStream>) {
    let read = fd.async_io(Interest::ERROR, read_error_queue);
    block_on(read).expect("a timestamp was lost").unwrap();
}

#[cfg(not(dormouse_portable))]
fn urgent(fd: &AsyncFd<TcpStream>) {
    use rustix::net::{RecvFlags, recv};

    let read = fd.async_io(Interest::PRIORITY, |fd| {
        match recv(fd, &mut [0; 1][..], RecvFlags::OOB) {
            // There is none, or it is under way.
            Err(rustix::io::Errno::INVAL) => Err(std::io::ErrorKind::WouldBlock.into()),
            result => Ok(result.map(drop)?),
        }
    });
    block_on(read).expect("urgent data was lost").unwrap();
}

fn block_on<F: Future>(future: F) -> Result<F::Output, TimedOut> {
    dormouse::block_on(strict_timeout(LIMIT, future))
}

/// Each thread waits for one kind of event, again and again. The peer sends a byte with `flags`, this end sends one too, and
/// then each thread must get its event. `disturb` is called in between.
fn exchange(reactor: &Reactor, flags: SendFlags, waits: &[Wait], disturb: impl FnOnce()) {
    let (local, peer) = tcp_pair();
    set_timestamps(&local);
    let fd = &AsyncFd::new_on(reactor, local, BOTH).unwrap();
    let mut disturb = Some(disturb);
    std::thread::scope(|scope| {
        let (ended, ends) = mpsc::channel();
        for wait in waits {
            let ended = ended.clone();
            scope.spawn(move || {
                for _ in 0..EVENTS {
                    wait(fd);
                    ended.send(()).unwrap();
                }
            });
        }
        for event in 0..EVENTS {
            send(&peer, b"x", flags).unwrap();
            fd.get_ref().write_all(b"x").unwrap();
            if event == EVENTS / 2 {
                disturb.take().unwrap()();
            }
            waits.iter().for_each(|_| ends.recv_timeout(2 * LIMIT).unwrap());
        }
    });
}
