//! The races that the invariants of a source speak of, run often enough to happen.

use super::*;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Wake;

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Lets two threads do something at the same time, round after round.
fn race<T: Default + Sync>(rounds: usize, a: impl Fn(&T) + Sync, b: impl Fn(&T) + Sync) -> Vec<T> {
    let arenas: Vec<T> = (0..rounds).map(|_| T::default()).collect();
    let turns = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let run = |me: usize, act: &dyn Fn(&T)| {
        for (round, arena) in arenas.iter().enumerate() {
            turns[me].store(round, Ordering::SeqCst);
            let mut spins = 0;
            while turns[1 - me].load(Ordering::SeqCst) < round {
                spins += 1;
                // The other may wait for this core.
                if spins % 1000 == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
            }
            // At varying distances, so that each interleaving has its turn.
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
    source: ScheduledIo,
    woken: Arc<Woken>,
    saw_it: AtomicBool,
}

#[test]
fn an_event_beside_a_registration_is_seen_or_wakes() {
    let arenas = race(
        200_000,
        |arena: &Arena| arena.source.set_readiness(Ready::READABLE),
        |arena| {
            let waker = Waker::from(arena.woken.clone());
            let found =
                arena.source.poll_readiness(&mut WaiterSlot::Direction(Direction::Read), &waker);
            arena.saw_it.store(found.is_ready(), Ordering::SeqCst);
        },
    );
    for arena in arenas {
        let (saw_it, woken) = (arena.saw_it.into_inner(), arena.woken.0.load(Ordering::SeqCst));
        assert!(saw_it || woken, "an event was lost");
    }
}

#[test]
fn an_event_beside_a_clear_is_not_cleared() {
    let arenas = race(
        100_000,
        |arena: &Arena| arena.source.set_readiness(Ready::READABLE),
        |arena| {
            // What came before this was seen, an operation on the fd blocked, and only now is it cleared.
            let seen = arena.source.ready_event(Interest::READABLE);
            if let Poll::Ready(Ok(event)) = seen {
                arena.saw_it.store(true, Ordering::SeqCst);
                arena.source.clear_readiness(event, Ready::ALL);
            }
        },
    );
    for arena in arenas {
        let left = arena.source.ready_event(Interest::READABLE).is_ready();
        assert_ne!(arena.saw_it.into_inner(), left, "cleared unseen, or left after clearing");
    }
}

#[test]
fn a_source_that_is_gone_tells_who_waits_and_who_comes() {
    let source = ScheduledIo::default();
    let woken = Arc::new(Woken::default());
    let mut place = None;
    let waker = Waker::from(woken.clone());
    assert!(
        source
            .poll_readiness(&mut WaiterSlot::Future(Interest::WRITABLE, &mut place), &waker)
            .is_pending()
    );
    #[cfg(any(feature = "tokio", feature = "smol"))]
    {
        source.shut_down();
        assert!(woken.0.load(Ordering::SeqCst));
        assert!(matches!(source.ready_event(Interest::READABLE), Poll::Ready(Err(ShutDown))));
    }
    source.remove_waiter(place.unwrap());
    drop(waker);
    assert_eq!(Arc::strong_count(&woken), 1);
}
