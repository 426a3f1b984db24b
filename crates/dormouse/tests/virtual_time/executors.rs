//! Virtual time on executors, moved by `VirtualTime::advance`.

use super::{DAY, HOUR, Log, MINUTE, SECOND};
use crate::common::within_time;
use dormouse::time::Instant;
use dormouse::{VirtualTime, interval, sleep, timeout};
use futures::channel::mpsc;
use futures::executor::{LocalPool, ThreadPool};
use futures::stream::StreamExt;
use futures::task::{LocalSpawnExt, SpawnExt};
use std::future::Future;
use std::time::Duration;

/// Spawns a chain of tasks. The first sends a message at each tick of a timer, the others forward it, and the last
/// reads the clock. A message arrives at the time at which it was sent only if time waits for the tasks.
fn relay(
    spawn: impl Fn(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>),
) -> mpsc::UnboundedReceiver<Duration> {
    let (first, mut receive) = mpsc::unbounded();
    spawn(Box::pin(async move {
        let start = Instant::now();
        let mut tick = interval(MINUTE);
        for _ in 0..=100 {
            let at = tick.tick().await - start;
            assert_eq!(start.elapsed(), at);
            first.unbounded_send(at).unwrap();
        }
    }));
    for _ in 0..20 {
        let (send, next) = mpsc::unbounded();
        let mut before = std::mem::replace(&mut receive, next);
        spawn(Box::pin(async move {
            while let Some(message) = before.next().await {
                send.unbounded_send(message).unwrap();
            }
        }));
    }
    let (send, result) = mpsc::unbounded();
    spawn(Box::pin(async move {
        let start = Instant::now();
        while let Some(sent) = receive.next().await {
            assert_eq!(start.elapsed(), sent);
            send.unbounded_send(start.elapsed()).unwrap();
        }
    }));
    result
}

fn check_relay(result: mpsc::UnboundedReceiver<Duration>) {
    let arrived: Vec<_> = futures::executor::block_on(result.collect());
    assert_eq!(arrived, (0..=100).map(|n| n * MINUTE).collect::<Vec<_>>());
}

#[test]
fn on_tokio_multi_thread_time_waits_for_scoped_tasks() {
    within_time(|| {
        let time = VirtualTime::new();
        let runtime = crate::common::multi_thread();
        let result = relay(|task| drop(runtime.spawn(time.scope(task))));
        runtime.block_on(time.advance(100 * MINUTE));
        check_relay(result);
    });
}

#[test]
fn on_smol_with_threads_time_waits_for_scoped_tasks() {
    within_time(|| {
        let time = VirtualTime::new();
        let executor = smol::Executor::new();
        let (stop, stopped) = smol::channel::unbounded::<()>();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| smol::block_on(executor.run(stopped.recv())));
            }
            let result = relay(|task| executor.spawn(time.scope(task)).detach());
            smol::block_on(time.advance(100 * MINUTE));
            check_relay(result);
            drop(stop);
        });
    });
}

#[test]
fn on_a_thread_pool_of_futures_time_waits_for_scoped_tasks() {
    within_time(|| {
        let time = VirtualTime::new();
        let pool = ThreadPool::builder().pool_size(3).create().unwrap();
        let result = relay(|task| pool.spawn_ok(time.scope(task)));
        futures::executor::block_on(time.advance(100 * MINUTE));
        check_relay(result);
    });
}

#[test]
fn block_on_waits_for_scoped_tasks_on_a_thread_pool() {
    within_time(|| {
        let time = VirtualTime::new();
        let pool = ThreadPool::builder().pool_size(2).create().unwrap();
        let arrived: Vec<_> = time.block_on(async {
            let result = relay(|task| pool.spawn_ok(time.scope(task)));
            timeout(DAY, result.collect()).await.unwrap()
        });
        assert_eq!(arrived, (0..=100).map(|n| n * MINUTE).collect::<Vec<_>>());
    });
}

#[test]
fn on_a_local_pool_time_waits_for_tasks_without_a_scope() {
    within_time(|| {
        let time = VirtualTime::new();
        let mut pool = LocalPool::new();
        let entered = time.enter();
        let spawner = pool.spawner();
        let log = Log::new();
        for n in 1..=10 {
            let log = log.clone();
            let task = async move {
                let start = Instant::now();
                for _ in 0..24 {
                    sleep(HOUR).await;
                }
                log.add((n, start.elapsed()));
            };
            spawner.spawn_local(task).unwrap();
        }
        pool.run_until(time.advance(DAY));
        assert_eq!(log.take(), (1..=10).map(|n| (n, DAY)).collect::<Vec<_>>());
        drop(entered);
    });
}

#[tokio::test]
async fn in_a_current_thread_tokio_test_an_enter_guard_is_enough() {
    let time = VirtualTime::new();
    let _entered = time.enter();
    let start = Instant::now();
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let worker = tokio::spawn(async move {
        let mut tick = interval(HOUR);
        loop {
            tick.tick().await;
            if send.send(start.elapsed()).is_err() {
                return;
            }
        }
    });
    time.advance(365 * DAY).await;
    for hour in 0..=365 * 24 {
        assert_eq!(receive.recv().await, Some(hour * HOUR));
    }
    drop(receive);
    time.advance(HOUR).await;
    worker.await.unwrap();
}

#[tokio::test]
async fn a_task_can_be_spawned_and_a_message_sent_between_two_advances() {
    let time = VirtualTime::new();
    let (send, receive) = tokio::sync::oneshot::channel();
    let start = time.now();
    let task = tokio::spawn(time.scope(async move {
        let answer = timeout(MINUTE, receive).await;
        (answer, Instant::now())
    }));
    time.advance(MINUTE - SECOND).await;
    send.send(7).unwrap();
    time.advance(MINUTE).await;
    assert_eq!(task.await.unwrap(), (Ok(Ok(7)), start + MINUTE - SECOND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scoped_test_can_advance_time_on_tokio_multi_thread() {
    let time = VirtualTime::new();
    let inside = time.clone();
    let test = time.scope(async move {
        let start = Instant::now();
        let task = tokio::spawn(inside.scope(async move {
            sleep(HOUR).await;
            start.elapsed()
        }));
        inside.advance(2 * HOUR).await;
        assert_eq!(start.elapsed(), 2 * HOUR);
        assert_eq!(task.await.unwrap(), HOUR);
    });
    test.await;
}

#[tokio::test]
async fn advance_can_be_joined_with_scoped_work_in_one_future() {
    let time = VirtualTime::new();
    let start = time.now();
    let work = time.scope(async {
        for _ in 0..365 * 24 {
            sleep(HOUR).await;
        }
        Instant::now()
    });
    let (end, ()) = futures::join!(work, time.advance(366 * DAY));
    assert_eq!(end - start, 365 * DAY);
    assert_eq!(time.now() - start, 366 * DAY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_advances_add_up() {
    let time = VirtualTime::new();
    let start = time.now();
    let advance = |time: VirtualTime| tokio::spawn(time.scope(time.advance(HOUR)));
    let real = std::time::Instant::now();
    let (a, b) = (advance(time.clone()), advance(time.clone()));
    a.await.unwrap();
    b.await.unwrap();
    assert_eq!(time.now() - start, 2 * HOUR);
    assert!(real.elapsed() < crate::common::TEST_TIMEOUT, "they waited for each other");
}

#[test]
fn an_advance_inside_a_scope_does_not_wait_for_itself() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let real = std::time::Instant::now();
        for _ in 0..20 {
            futures::executor::block_on(time.scope(time.advance(HOUR)));
            // Clears the count of timed-out scopes: otherwise only the first round could wait.
            futures::executor::block_on(time.advance(Duration::ZERO));
        }
        assert_eq!(time.now() - start, 20 * HOUR);
        // A wait for a busy scope times out after one second.
        assert!(real.elapsed() < 10 * SECOND, "{:?}", real.elapsed());
    });
}

#[tokio::test]
async fn advance_does_nothing_until_it_is_polled_and_stops_when_it_is_dropped() {
    let time = VirtualTime::new();
    let start = time.now();
    let _entered = time.enter();
    drop(time.advance(HOUR));
    assert_eq!(time.now(), start);
    let stop = sleep(MINUTE);
    let advance = std::pin::pin!(time.advance(HOUR));
    futures::future::select(stop, advance).await;
    assert_eq!(time.now() - start, MINUTE);
}

#[test]
fn a_task_that_yields_until_a_deadline_reaches_it() {
    within_time(|| {
        let time = VirtualTime::new();
        let mut pool = LocalPool::new();
        let deadline = time.now() + MINUTE;
        let spin = async move {
            while Instant::now() < deadline {
                tokio::task::yield_now().await;
            }
        };
        let handle = pool.spawner().spawn_with_handle(time.scope(spin)).unwrap();
        pool.run_until(async {
            time.advance(HOUR).await;
            handle.await;
        });
    });
}
