//! The races that the invariants of `ScheduledIo` describe, run so often that they happen.

use super::*;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Wake;

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs `a` and `b` on two threads at the same time, once for each of the returned values.
fn run_concurrently<T: Default + Sync>(
    rounds: usize,
    a: impl Fn(&T) + Sync,
    b: impl Fn(&T) + Sync,
) -> Vec<T> {
    let arenas: Vec<T> = (0..rounds).map(|_| T::default()).collect();
    let turns = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let run = |me: usize, act: &dyn Fn(&T)| {
        for (round, arena) in arenas.iter().enumerate() {
            turns[me].store(round, Ordering::SeqCst);
            let mut spins = 0;
            while turns[1 - me].load(Ordering::SeqCst) < round {
                spins += 1;
                // The other thread may need this core.
                if spins % 1000 == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
            }
            // Delays vary, so that each interleaving happens.
            for _ in 0..round * (1 + 6 * me) % 40 {
                std::hint::spin_loop();
            }
            act(arena);
        }
        turns[me].store(usize::MAX, Ordering::SeqCst);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| run(0, &a));
        run(1, &b);
    });
    arenas
}

#[derive(Default)]
struct Arena {
    io: ScheduledIo,
    woken: Arc<Flag>,
    saw_it: AtomicBool,
}

#[test]
fn an_event_concurrent_with_a_wait_is_seen_or_wakes_it() {
    let arenas = run_concurrently(
        200_000,
        |arena: &Arena| arena.io.set_readiness(Ready::READABLE),
        |arena| {
            let waker = Waker::from(arena.woken.clone());
            let event =
                arena.io.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), None, &waker);
            arena.saw_it.store(event.is_ready(), Ordering::SeqCst);
        },
    );
    for arena in arenas {
        let (saw_it, woken) = (arena.saw_it.into_inner(), arena.woken.0.load(Ordering::SeqCst));
        assert!(saw_it || woken, "an event was lost");
    }
}

#[test]
fn an_event_concurrent_with_a_clear_is_not_cleared() {
    let arenas = run_concurrently(
        100_000,
        |arena: &Arena| arena.io.set_readiness(Ready::READABLE),
        |arena| {
            // An operation that saw this returns `WouldBlock`, and then the readiness is cleared.
            let seen = arena.io.ready_event(Interest::READABLE, None);
            if let Poll::Ready(Ok(event)) = seen {
                arena.saw_it.store(true, Ordering::SeqCst);
                arena.io.clear_readiness(event, Ready::ALL);
            }
        },
    );
    for arena in arenas {
        let is_ready = arena.io.ready_event(Interest::READABLE, None).is_ready();
        assert_ne!(
            arena.saw_it.into_inner(),
            is_ready,
            "an unseen event was cleared, or a seen one was not"
        );
    }
}

#[test]
fn shutdown_ends_present_and_later_waits_with_an_error() {
    let io = ScheduledIo::default();
    let woken = Arc::new(Flag::default());
    let mut key = None;
    let waker = Waker::from(woken.clone());
    assert!(
        io.poll_readiness(&mut WaiterSlot::Future(Interest::WRITABLE, &mut key), None, &waker)
            .is_pending()
    );
    io.shut_down();
    assert!(woken.0.load(Ordering::SeqCst));
    assert!(matches!(io.ready_event(Interest::READABLE, None), Poll::Ready(Err(ShutDown))));
    io.remove_waiter(key.unwrap());
    drop(waker);
    assert_eq!(Arc::strong_count(&woken), 1);
}
