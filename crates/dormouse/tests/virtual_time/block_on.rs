//! `VirtualTime::block_on`: when it jumps to a deadline, and what it waits for before it jumps.

use super::{HOUR, MINUTE, SECOND};
use crate::common::{MS, within_time};
use dormouse::net::TcpStream;
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, timeout};
use std::time::Duration;

#[test]
fn block_on_can_be_nested() {
    within_time(|| {
        let (time, other) = (VirtualTime::new(), VirtualTime::new());
        let (start, other_start) = (time.now(), other.now());
        time.block_on(async {
            sleep(SECOND).await;
            time.block_on(async { sleep(SECOND).await });
            other.block_on(async { sleep(HOUR).await });
            sleep(SECOND).await;
        });
        assert_eq!(time.now() - start, 3 * SECOND);
        assert_eq!(other.now() - other_start, HOUR);
    });
}

#[test]
fn without_a_deadline_block_on_waits_for_real_events() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(5 * MS);
                send.send(7).unwrap();
            });
            assert_eq!(time.block_on(receive), Ok(7));
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn block_on_jumps_to_a_deadline_set_by_another_thread() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            let task = time.scope(async {
                std::thread::sleep(5 * MS);
                sleep(HOUR).await;
                send.send(Instant::now()).unwrap();
            });
            scope.spawn(|| futures::executor::block_on(task));
            assert_eq!(time.block_on(receive), Ok(start + HOUR));
        });
    });
}

#[test]
fn threads_in_block_on_of_the_same_time_wait_for_each_other() {
    within_time(|| {
        let time = VirtualTime::new();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let time = time.clone();
                scope.spawn(move || {
                    time.block_on(async {
                        for nth in 0..2000 {
                            let step = (nth * 7 + thread * 13) % 10 * SECOND;
                            let start = Instant::now();
                            sleep(step).await;
                            assert_eq!(start.elapsed(), step);
                        }
                    });
                });
            }
        });
    });
}

#[test]
fn a_scoped_future_that_runs_on_another_thread_delays_the_jump() {
    within_time(|| {
        let time = VirtualTime::new();
        std::thread::scope(|scope| {
            let (send, receive) = futures::channel::oneshot::channel();
            let task = time.scope(async {
                std::thread::sleep(5 * MS);
                sleep(SECOND).await;
                std::thread::sleep(5 * MS);
                send.send(Instant::now()).unwrap();
            });
            scope.spawn(|| futures::executor::block_on(task));
            let start = time.now();
            let answer = time.block_on(async { timeout(MINUTE, receive).await });
            assert_eq!(answer, Ok(Ok(start + SECOND)));
        });
    });
}

#[test]
fn a_scoped_future_that_is_never_polled_delays_jumps_only_briefly() {
    within_time(|| {
        let time = VirtualTime::new();
        let forgotten = time.scope(async {});
        let start = time.now();
        time.block_on(async {
            for _ in 0..1000 {
                sleep(SECOND).await;
            }
        });
        assert_eq!(time.now() - start, 1000 * SECOND);
        drop(forgotten);
    });
}

#[test]
fn a_scoped_future_created_after_one_that_timed_out_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        let forgotten = time.scope(async {});
        time.block_on(async { sleep(SECOND).await });
        drop(forgotten);
        let start = time.now();
        std::thread::scope(|scope| {
            let task = time.scope(async {
                std::thread::sleep(20 * MS);
                sleep(SECOND).await;
                Instant::now()
            });
            let task = scope.spawn(|| futures::executor::block_on(task));
            futures::executor::block_on(time.advance(HOUR));
            // If `advance` did not wait for the task, its sleep starts after the hour.
            time.advance_now(HOUR);
            assert_eq!(task.join().unwrap(), start + SECOND);
        });
    });
}

/// Runs an echo server on another thread, which answers each byte after 10 ms of real time, and a client of it.
fn with_slow_server<R>(client: impl FnOnce(std::net::SocketAddr) -> R) -> R {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut byte = [0];
            while stream.read(&mut byte).unwrap() > 0 {
                std::thread::sleep(10 * MS);
                stream.write_all(&byte).unwrap();
            }
        });
        client(address)
    })
}

#[test]
fn with_a_grace_a_server_on_another_thread_can_answer_before_the_jump() {
    within_time(|| {
        let time = VirtualTime::builder().grace(5 * SECOND).build();
        with_slow_server(|address| {
            time.block_on(async {
                let start = Instant::now();
                let client = TcpStream::connect(address).await.unwrap();
                for round in 0..20 {
                    client.write(&[round]).await.unwrap();
                    let mut byte = [0];
                    timeout(MINUTE, client.read(&mut byte)).await.expect("an answer").unwrap();
                    assert_eq!(byte, [round]);
                }
                assert_eq!(start.elapsed(), Duration::ZERO);
            });
        });
    });
}

#[test]
fn with_a_grace_a_message_from_another_thread_arrives_before_the_jump() {
    within_time(|| {
        let time = VirtualTime::builder().grace(5 * SECOND).build();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(10 * MS);
                send.send(7).unwrap();
            });
            let received = time.block_on(async { timeout(MINUTE, receive).await });
            assert_eq!(received, Ok(Ok(7)));
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn each_jump_waits_for_the_grace() {
    within_time(|| {
        let time = VirtualTime::builder().grace(20 * MS).build();
        let start = time.now();
        let real = std::time::Instant::now();
        time.block_on(async {
            for _ in 0..10 {
                sleep(HOUR).await;
            }
        });
        assert_eq!(time.now() - start, 10 * HOUR);
        assert!(real.elapsed() >= 10 * 20 * MS);
    });
}

#[test]
fn the_jumps_of_several_threads_wait_for_the_grace_one_after_the_other() {
    within_time(|| {
        let time = VirtualTime::builder().grace(20 * MS).build();
        let real = std::time::Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let time = &time;
                scope.spawn(move || time.block_on(async { sleep((thread + 1) * HOUR).await }));
            }
        });
        assert!(real.elapsed() >= 3 * 20 * MS);
    });
}

#[test]
fn an_earlier_timer_within_the_grace_fires_first() {
    within_time(|| {
        let time = VirtualTime::builder().grace(2 * SECOND).build();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            let clock = time.clone();
            scope.spawn(move || {
                std::thread::sleep(20 * MS);
                // Not scoped, so only the grace waits for it.
                let _entered = clock.enter();
                futures::executor::block_on(sleep(SECOND));
                send.send(Instant::now()).unwrap();
            });
            let received = time.block_on(async { timeout(HOUR, receive).await });
            assert_eq!(received, Ok(Ok(start + SECOND)));
        });
    });
}

#[test]
fn a_sleep_in_real_time_completes_in_block_on() {
    within_time(|| {
        let real_sleep = sleep(20 * MS);
        VirtualTime::new().block_on(real_sleep);
    });
}
