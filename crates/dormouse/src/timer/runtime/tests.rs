//! How runtimes share queues.

use super::*;
use std::time::Duration;

#[test]
fn successive_runtimes_share_one_queue() {
    for _ in 0..20 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        // The sleep stays pending even if this thread is slow: one that completes at its first poll needs no queue.
        let waits =
            crate::timeout(Duration::from_millis(1), crate::sleep(Duration::from_secs(3600)));
        assert!(runtime.block_on(waits).is_err());
        let id = runtime.handle().id();
        assert!(lock(&pool().in_use).as_ref().unwrap().contains_key(&id));
        drop(runtime);
        assert!(!lock(&pool().in_use).as_ref().unwrap().contains_key(&id));
    }
    assert_eq!(lock(&pool().free)[ClockId::Boottime as usize].len(), 1);
}
