//! Tasks inside a tokio runtime.

use super::CountDrops;
use crate::common::{current_thread, multi_thread, within_time};
use dormouse::spawn;
use dormouse::task::{AbortHandle, JoinSet, spawn_blocking};
use std::future::pending;
use std::sync::mpsc;

#[test]
fn tasks_and_blocking_work_run_in_the_runtime() {
    within_time(|| {
        let runtime = multi_thread();
        let inside = || tokio::runtime::Handle::current().id();
        runtime.block_on(async {
            let id = inside();
            assert_eq!(spawn(async move { inside() }).await.unwrap(), id);
            assert_eq!(spawn_blocking(inside).await.unwrap(), id);
        });
        // Outside of `Runtime::block_on`, but inside the runtime.
        let _guard = runtime.enter();
        let task = spawn(async move { inside() });
        assert_eq!(dormouse::block_on(task).unwrap(), inside());
    });
}

#[test]
fn a_task_is_cancelled_when_its_runtime_shuts_down() {
    within_time(|| {
        for runtime in [current_thread(), multi_thread()] {
            let drops = CountDrops::default();
            let task = runtime.block_on(async { spawn(drops.pending()) });
            drop(runtime);
            let err = dormouse::block_on(task).unwrap_err();
            assert!(err.is_cancelled());
            assert_eq!(err.to_string(), "the task was cancelled");
            assert_eq!(drops.get(), 1);
        }
    });
}

#[test]
fn a_task_that_is_spawned_while_its_runtime_shuts_down_is_cancelled() {
    struct SpawnOnDrop(mpsc::Sender<dormouse::task::JoinHandle<()>>);

    impl Drop for SpawnOnDrop {
        fn drop(&mut self) {
            self.0.send(spawn(pending())).unwrap();
        }
    }

    within_time(|| {
        for runtime in [current_thread(), multi_thread()] {
            let (sent, received) = mpsc::channel();
            let on_drop = SpawnOnDrop(sent);
            runtime.block_on(async {
                drop(spawn(async {
                    let _on_drop = on_drop;
                    pending::<()>().await;
                }));
                tokio::task::yield_now().await;
            });
            drop(runtime);
            let task = received.recv().unwrap();
            assert!(dormouse::block_on(task).unwrap_err().is_cancelled());
        }
    });
}

#[test]
fn try_join_next_returns_each_output_although_the_budget_of_the_task_is_spent() {
    within_time(|| {
        for runtime in [current_thread(), multi_thread()] {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                let tasks: Vec<_> = (0..500).map(|n| set.spawn(async move { n })).collect();
                while !tasks.iter().all(AbortHandle::is_finished) {
                    tokio::task::yield_now().await;
                }
                let mut outputs = 0;
                while let Some(output) = set.try_join_next() {
                    output.unwrap();
                    outputs += 1;
                }
                assert_eq!(outputs, 500);
            });
        }
    });
}
