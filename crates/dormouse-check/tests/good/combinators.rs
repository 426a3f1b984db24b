//! Combinators of futures with hostile children.

use crate::cases;
use dormouse_check::hostile::{self, HostileFuture, stream as children};
use dormouse_check::{Kind, check, check_stream};
use futures::future::{self, FutureExt};
use futures::stream::{self, FuturesOrdered, FuturesUnordered, StreamExt};
use std::panic::AssertUnwindSafe;

/// One child of each kind that is ready at some time.
fn all() -> Vec<HostileFuture<i32>> {
    vec![
        hostile::ready(1),
        hostile::pending_once(2),
        hostile::yields(20, 3),
        hostile::moves_thread(4),
        hostile::wakes_late(5),
        hostile::wakes_spuriously(6),
        hostile::wakes_on_drop(7),
    ]
}

cases! {
    /// A few children, which share the waker.
    join_of_hostile_children: [], check(|| {
        future::join3(hostile::ready(1), hostile::wakes_spuriously(2), hostile::moves_thread(3))
    }).expect_output(|output| *output == (1, 2, 3));
    /// Each child has a waker of its own.
    unordered_of_hostile_children: [], check(|| {
        all().into_iter().collect::<FuturesUnordered<_>>().collect::<Vec<_>>()
    }).expect_output(|output| output.len() == 7);
    /// The same, in order.
    ordered_of_hostile_children: [], check(|| {
        all().into_iter().collect::<FuturesOrdered<_>>().collect::<Vec<_>>()
    }).expect_output(|output| *output == [1, 2, 3, 4, 5, 6, 7]);
    /// The children that are not ready are dropped, and wake the task.
    select_of_hostile_children: [], check(|| {
        future::select_all([hostile::wakes_late(1), hostile::wakes_on_drop(2), hostile::never()])
            .map(|(output, ..)| output)
    }).expect_output(|output| *output == 1);
    /// One child panics.
    panic_of_a_hostile_child: [], check(|| {
        let both = future::join(hostile::wakes_late(1), hostile::panics_on_poll::<i32>(2));
        AssertUnwindSafe(both).catch_unwind()
    }).expect_output(Result::is_err);
    /// Clones of one child.
    shared_hostile_child: [], check(|| {
        let first = hostile::wakes_spuriously(1).shared();
        future::join(first.clone(), first)
    }).allow(Kind::WakeUnderLock);
    /// Two streams.
    select_of_hostile_streams: [], check_stream(|| {
        stream::select(children::wakes_spuriously([1, 2]), children::moves_thread([3]))
    });
    /// Futures of a stream, some at a time.
    buffered_hostile_children: [], check_stream(|| {
        children::pending_once([1, 2, 3]).map(hostile::moves_thread).buffer_unordered(2)
    });
}
