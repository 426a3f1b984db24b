//! `JoinSet`.

use super::{CountDrops, on_every_executor};
use crate::common::{Count, MS};
use dormouse::task::{JoinSet, yield_now};
use dormouse::{sleep, spawn};
use futures::channel::oneshot;
use std::collections::BTreeSet;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

on_every_executor! {
    a_set_returns_each_output_once
    a_set_returns_outputs_in_the_order_of_completion
    a_set_that_is_dropped_aborts_its_tasks
    a_set_that_is_shut_down_has_dropped_its_tasks
    tasks_that_are_detached_run_on
    a_task_of_a_set_can_be_aborted_alone
    a_panic_is_returned_by_the_set
    a_set_with_a_task_that_has_not_completed_has_no_output_to_try
    a_set_wakes_the_waker_that_it_was_polled_with_last
    join_next_can_be_dropped_without_losing_an_output
    a_set_polls_only_the_tasks_that_are_complete
    a_set_grows_while_it_is_awaited
    join_all_returns_each_output
    join_all_aborts_the_others_when_a_task_panics
}

async fn a_set_returns_each_output_once() {
    let mut set: JoinSet<_> = (0..1000)
        .map(|n| async move {
            if n % 3 == 0 {
                yield_now().await;
            }
            n
        })
        .collect();
    assert_eq!(set.len(), 1000);
    let mut outputs = BTreeSet::new();
    while let Some(output) = set.join_next().await {
        assert!(outputs.insert(output.unwrap()));
    }
    assert_eq!(outputs.len(), 1000);
    assert!(set.is_empty());
    assert!(set.try_join_next().is_none());
}

async fn a_set_returns_outputs_in_the_order_of_completion() {
    let mut set = JoinSet::new();
    let mut senders = Vec::new();
    for n in 0..5 {
        let (sent, received) = oneshot::channel::<()>();
        set.spawn(async move {
            received.await.unwrap();
            n
        });
        senders.push(Some(sent));
    }
    for n in [3, 1, 4, 0, 2] {
        senders[n].take().unwrap().send(()).unwrap();
        assert_eq!(set.join_next().await.unwrap().unwrap(), n);
    }
}

async fn a_set_that_is_dropped_aborts_its_tasks() {
    let drops = CountDrops::default();
    let mut set = JoinSet::new();
    for _ in 0..10 {
        set.spawn(drops.pending());
    }
    drop(set);
    while drops.get() < 10 {
        sleep(MS).await;
    }
}

async fn a_set_that_is_shut_down_has_dropped_its_tasks() {
    let drops = CountDrops::default();
    let mut set = JoinSet::new();
    for _ in 0..10 {
        set.spawn(drops.pending());
    }
    set.shutdown().await;
    assert_eq!(drops.get(), 10);
    assert!(set.is_empty());
}

async fn tasks_that_are_detached_run_on() {
    let mut set = JoinSet::new();
    let (sent, received) = oneshot::channel();
    set.spawn(async {
        sleep(MS).await;
        sent.send(7).unwrap();
    });
    set.detach_all();
    assert!(set.is_empty());
    assert!(set.join_next().await.is_none());
    drop(set);
    assert_eq!(received.await, Ok(7));
}

async fn a_task_of_a_set_can_be_aborted_alone() {
    let mut set = JoinSet::new();
    let abort = set.spawn(pending());
    set.spawn(async { 7 });
    assert_eq!(set.join_next().await.unwrap().unwrap(), 7);
    abort.abort();
    assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    assert!(set.join_next().await.is_none());
}

async fn a_panic_is_returned_by_the_set() {
    let mut set = JoinSet::new();
    set.spawn(async { panic!("in a set") });
    assert!(set.join_next().await.unwrap().unwrap_err().is_panic());
}

async fn a_set_with_a_task_that_has_not_completed_has_no_output_to_try() {
    let mut set = JoinSet::new();
    let (sent, received) = oneshot::channel::<i32>();
    set.spawn(async { received.await.unwrap() });
    assert!(set.try_join_next().is_none());
    sent.send(7).unwrap();
    let output = loop {
        match set.try_join_next() {
            Some(output) => break output,
            None => sleep(MS).await,
        }
    };
    assert_eq!(output.unwrap(), 7);
}

async fn a_set_wakes_the_waker_that_it_was_polled_with_last() {
    let mut set = JoinSet::new();
    let (sent, received) = oneshot::channel::<()>();
    set.spawn(received);
    let (first, waker) = Count::new();
    assert!(pin!(set.join_next()).poll(&mut Context::from_waker(&waker)).is_pending());
    let (second, waker) = Count::new();
    assert!(pin!(set.join_next()).poll(&mut Context::from_waker(&waker)).is_pending());
    sent.send(()).unwrap();
    second.wait_for_async(1).await;
    assert_eq!(first.get(), 0);
    assert!(set.join_next().await.unwrap().unwrap().is_ok());
}

async fn join_next_can_be_dropped_without_losing_an_output() {
    let mut set = JoinSet::new();
    let (sent, received) = oneshot::channel::<i32>();
    set.spawn(received);
    assert!(dormouse::timeout(MS, set.join_next()).await.is_err());
    sent.send(7).unwrap();
    assert_eq!(set.join_next().await.unwrap().unwrap(), Ok(7));
}

async fn a_set_polls_only_the_tasks_that_are_complete() {
    let mut set = JoinSet::new();
    for _ in 0..1000 {
        set.spawn(pending());
    }
    assert!(set.try_join_next().is_none());
    // Else this would poll a million handles.
    for n in 0..1000 {
        set.spawn(async move { n });
        assert_eq!(set.join_next().await.unwrap().unwrap(), n);
    }
    set.shutdown().await;
}

async fn a_set_grows_while_it_is_awaited() {
    let mut set = JoinSet::new();
    set.spawn(async { 0 });
    let mut taken = 0;
    while let Some(n) = set.join_next().await {
        taken += 1;
        let n = n.unwrap();
        if n < 5 {
            set.spawn(async move { n + 1 });
            set.spawn(async move { 5 });
        }
    }
    assert_eq!(taken, 11);
    let empty = poll_fn(|cx| Poll::Ready(set.poll_join_next(cx))).await;
    assert!(matches!(empty, Poll::Ready(None)));
    spawn(async move { set.spawn(async { 7 }) }).await.unwrap();
}

async fn join_all_returns_each_output() {
    let set: JoinSet<_> = (0..100).map(|n| async move { n }).collect();
    let mut outputs = set.join_all().await.unwrap();
    outputs.sort();
    assert!(outputs.into_iter().eq(0..100));
}

async fn join_all_aborts_the_others_when_a_task_panics() {
    let drops = CountDrops::default();
    let mut set = JoinSet::new();
    (0..10).for_each(|_| drop(set.spawn(drops.pending())));
    set.spawn(async { panic!("one of them") });
    assert!(set.join_all().await.unwrap_err().is_panic());
    while drops.get() < 10 {
        sleep(MS).await;
    }
}
