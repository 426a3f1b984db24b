//! Signals, on every reactor. The tests send signals to this process, so those that count them have a process of their own.
#![cfg(unix)]

mod common;

use common::{Count, LIMIT, MS, poll, within_time};
use dormouse::signal::ctrl_c;
use dormouse::signal::unix::{Signal, SignalKind, signal};
use dormouse::{sleep, timeout};
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

on_every_reactor! {
    a_signal_wakes_its_listener
    several_listeners_each_get_a_signal
    a_signal_before_the_first_poll_is_received
    ctrl_c_is_received
    a_recv_that_was_dropped_loses_no_signal
}

/// Sends a signal to this thread, which catches it before the call returns.
fn send(kind: SignalKind) {
    nix::sys::signal::raise(kind.as_raw_value().try_into().unwrap()).unwrap();
}

async fn receive(signals: &mut Signal) {
    let received = timeout(LIMIT, signals.recv()).await;
    assert_eq!(received.expect("the signal is not received"), Some(()));
}

async fn a_signal_wakes_its_listener() {
    let mut signals = signal(SignalKind::user_defined1()).unwrap();
    for _ in 0..10 {
        let later = async {
            sleep(MS).await;
            send(SignalKind::user_defined1());
        };
        futures::join!(receive(&mut signals), later);
    }
}

async fn several_listeners_each_get_a_signal() {
    let mut listeners: Vec<_> =
        (0..5).map(|_| signal(SignalKind::user_defined2()).unwrap()).collect();
    send(SignalKind::user_defined2());
    for listener in &mut listeners {
        receive(listener).await;
    }
}

async fn a_signal_before_the_first_poll_is_received() {
    let mut signals = signal(SignalKind::hangup()).unwrap();
    send(SignalKind::hangup());
    sleep(MS).await;
    receive(&mut signals).await;
}

async fn ctrl_c_is_received() {
    let mut interrupted = pin!(ctrl_c());
    assert!(interrupted.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    send(SignalKind::interrupt());
    timeout(LIMIT, interrupted).await.unwrap().unwrap();
}

async fn a_recv_that_was_dropped_loses_no_signal() {
    let mut signals = signal(SignalKind::alarm()).unwrap();
    for _ in 0..20 {
        let _ = timeout(MS / 10, signals.recv()).await;
    }
    send(SignalKind::alarm());
    drop(signals.recv());
    receive(&mut signals).await;
}

#[test]
fn a_signal_that_cannot_be_caught_is_an_error() {
    for number in [9, 19, 11, 4, 8, 0, -1, i32::MIN, 1000, i32::MAX] {
        let error = signal(SignalKind::from_raw(number)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{number}");
        assert!(error.to_string().contains(&number.to_string()), "{error}");
    }
}

#[test]
fn a_kind_is_the_number_of_the_system() {
    use rustix::process::Signal;
    assert_eq!(SignalKind::child(), Signal::CHILD.as_raw().into());
    assert_eq!(i32::from(SignalKind::terminate()), Signal::TERM.as_raw());
    assert_eq!(SignalKind::quit().as_raw_value(), Signal::QUIT.as_raw());
}

#[test]
#[cfg(feature = "stream")]
fn a_listener_is_a_stream() {
    use futures::StreamExt;

    within_time(|| {
        dormouse::block_on(async {
            let mut signals = signal(SignalKind::io()).unwrap();
            send(SignalKind::io());
            assert_eq!(signals.next().await, Some(()));
        });
    });
}

each_in_a_child_process! {
    a_signal_is_received_once
    signals_that_come_together_are_one
    a_storm_of_signals_wakes_the_listener_after_the_last
    listeners_leave_no_fds
    without_fds_a_listener_is_an_error
    handlers_of_others_are_called
    a_signal_to_a_child_is_not_received_by_its_parent
    a_child_listens_anew
    a_signal_in_a_child_that_has_dropped_its_listener_has_no_effect
}

mod cases {
    use super::*;
    use crate::common::child::{self, in_child};

    fn no_signal(signals: &mut Signal) {
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(signals.poll_recv(cx).is_pending());
    }

    #[test]
    #[ignore = "a case"]
    fn a_signal_is_received_once() {
        with_each_reactor!(async {
            let mut signals = signal(SignalKind::user_defined1()).unwrap();
            let mut others = signal(SignalKind::user_defined2()).unwrap();
            no_signal(&mut signals);
            send(SignalKind::user_defined1());
            receive(&mut signals).await;
            no_signal(&mut signals);
            send(SignalKind::user_defined1());
            receive(&mut signals).await;
            no_signal(&mut signals);
            no_signal(&mut others);
        });
    }

    #[test]
    #[ignore = "a case"]
    fn signals_that_come_together_are_one() {
        with_each_reactor!(async {
            let mut signals = signal(SignalKind::user_defined1()).unwrap();
            (0..1000).for_each(|_| send(SignalKind::user_defined1()));
            receive(&mut signals).await;
            no_signal(&mut signals);
        });
    }

    /// Whatever is received meanwhile, the last signal is received after it was sent.
    #[test]
    #[ignore = "a case"]
    fn a_storm_of_signals_wakes_the_listener_after_the_last() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static SENT: AtomicUsize = AtomicUsize::new(0);

        with_each_reactor!(async {
            SENT.store(0, Ordering::SeqCst);
            let mut signals = signal(SignalKind::user_defined1()).unwrap();
            let sender = std::thread::spawn(|| {
                for _ in 0..2000 {
                    SENT.fetch_add(1, Ordering::SeqCst);
                    send(SignalKind::user_defined1());
                }
            });
            while SENT.load(Ordering::SeqCst) < 2000 {
                receive(&mut signals).await;
            }
            sender.join().unwrap();
        });
    }

    #[test]
    #[ignore = "a case"]
    fn listeners_leave_no_fds() {
        let listen = || drop(signal(SignalKind::user_defined1()).unwrap());
        listen();
        let before = common::fds();
        (0..100).for_each(|_| listen());
        assert_eq!(common::fds(), before);
        // The program goes on: the signal is not set to its default again.
        send(SignalKind::user_defined1());
    }

    #[test]
    #[ignore = "a case"]
    fn without_fds_a_listener_is_an_error() {
        drop(signal(SignalKind::user_defined1()).unwrap());
        let listener = common::without_new_fds(|| signal(SignalKind::user_defined1()));
        assert!(listener.is_err());
        drop(signal(SignalKind::user_defined1()).unwrap());
    }

    /// Those of tokio, before and after ours.
    #[test]
    #[ignore = "a case"]
    fn handlers_of_others_are_called() {
        let kind = tokio::signal::unix::SignalKind::user_defined1();
        within_time(|| {
            common::current_thread().block_on(async {
                let mut before = tokio::signal::unix::signal(kind).unwrap();
                let mut ours = signal(SignalKind::user_defined1()).unwrap();
                let mut after = tokio::signal::unix::signal(kind).unwrap();
                send(SignalKind::user_defined1());
                receive(&mut ours).await;
                before.recv().await.unwrap();
                after.recv().await.unwrap();
                drop(ours);
                send(SignalKind::user_defined1());
                before.recv().await.unwrap();
            });
        });
    }

    #[test]
    #[ignore = "a case"]
    fn a_signal_to_a_child_is_not_received_by_its_parent() {
        with_each_reactor!(async {
            let mut signals = signal(SignalKind::user_defined1()).unwrap();
            let (wakes, waker) = Count::new();
            assert!(poll(&mut Box::pin(signals.recv()), &waker).is_pending());
            in_child(|| send(SignalKind::user_defined1()));
            // The datagram of the child arrives, but no signal.
            wakes.wait_for_async(1).await;
            no_signal(&mut signals);
            send(SignalKind::user_defined1());
            receive(&mut signals).await;
        });
    }

    #[test]
    #[ignore = "a case"]
    fn a_child_listens_anew() {
        let mut signals = signal(SignalKind::user_defined1()).unwrap();
        send(SignalKind::user_defined1());
        in_child(|| {
            let cx = &mut Context::from_waker(Waker::noop());
            assert_eq!(signals.poll_recv(cx), Poll::Ready(None));
            dormouse::block_on(async {
                let mut anew = signal(SignalKind::user_defined1()).unwrap();
                send(SignalKind::user_defined1());
                receive(&mut anew).await;
            });
        });
        dormouse::block_on(receive(&mut signals));
    }

    /// Also when its parent has dropped the listener, so that the handler in the child writes to a socket without a peer.
    #[test]
    #[ignore = "a case"]
    fn a_signal_in_a_child_that_has_dropped_its_listener_has_no_effect() {
        let signals = signal(SignalKind::user_defined1()).unwrap();
        let (dropped, drops) = rustix::pipe::pipe().unwrap();
        let mut listener = Some(signals);
        let child = child::spawn_child(|| {
            drop(listener.take());
            assert_eq!(rustix::io::read(&dropped, &mut [0]).unwrap(), 1);
            let mut broken_pipes = signal(SignalKind::pipe()).unwrap();
            send(SignalKind::user_defined1());
            no_signal(&mut broken_pipes);
        });
        drop(listener);
        rustix::io::write(&drops, b"x").unwrap();
        child::wait_for_child(child);
    }
}
