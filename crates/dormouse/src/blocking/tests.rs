use super::*;
use std::cell::Cell;
use std::sync::{Barrier, mpsc};

const LIMIT: Duration = Duration::from_secs(20);

/// Each pool gets some pieces of work at the same time, each of which waits for the others.
#[test]
fn work_runs_although_work_that_came_at_the_same_time_blocks() {
    const WORK: usize = 16;

    for _ in 0..30 {
        let pool: &'static Pool = Box::leak(Box::new(Pool::new(start)));
        let (all_called, all_run) = (Barrier::new(WORK), Arc::new(Barrier::new(WORK)));
        let (done, all_done) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..WORK {
                let (all_run, done) = (all_run.clone(), done.clone());
                let all_called = &all_called;
                scope.spawn(move || {
                    all_called.wait();
                    let work = move || {
                        all_run.wait();
                        done.send(()).unwrap();
                    };
                    assert!(pool.run(Box::new(work)).is_ok());
                });
            }
        });
        for _ in 0..WORK {
            all_done.recv_timeout(LIMIT).unwrap();
        }
    }
}

/// Each start of a thread passes more work to the pool, until there are more than `MAX_THREADS`; and then all fail.
#[test]
fn work_that_comes_while_all_threads_are_being_started_does_not_wait_if_they_are_refused() {
    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }
    static REFUSING: Pool = Pool::new(|_| {
        let depth = DEPTH.replace(DEPTH.get() + 1);
        if depth < MAX_THREADS + 1 {
            assert!(REFUSING.run(Box::new(|| {})).is_err(), "it waits in the queue");
        }
        Err(io::ErrorKind::WouldBlock.into())
    });

    assert!(REFUSING.run(Box::new(|| {})).is_err());
    assert_eq!(DEPTH.get(), MAX_THREADS + 2);
}

#[test]
fn lookups_that_hang_keep_no_other_work_from_running() {
    let (release, hangs) = mpsc::channel::<()>();
    let hangs = Arc::new(Mutex::new(hangs));
    for _ in 0..MAX_THREADS {
        let hangs = hangs.clone();
        let work = move || assert!(lock(&hangs).recv().is_err());
        assert!(run(Kind::Lookup, Box::new(work)).is_ok());
    }
    let (done, runs) = mpsc::channel();
    assert!(run(Kind::Program, Box::new(move || done.send(()).unwrap())).is_ok());
    runs.recv_timeout(LIMIT).unwrap();
    drop(release);
}
