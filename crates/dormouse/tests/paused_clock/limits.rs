//! Alarms, and the number of timers.

use super::{HOUR, SECOND, on_paused};
use dormouse::sleep;
use dormouse::time::{Alarm, Instant};
use futures::future::join_all;

#[test]
fn an_alarm_needs_no_capability() {
    on_paused(async {
        let start = Instant::now();
        Alarm::new(start + HOUR).unwrap().await;
        assert_eq!(start.elapsed(), HOUR);
    });
}

#[test]
fn ten_thousand_sleeps_complete_at_their_deadlines() {
    on_paused(async {
        let start = Instant::now();
        join_all((1..=10_000).map(|number| async move {
            sleep(number % 100 * SECOND).await;
            assert_eq!(start.elapsed(), number % 100 * SECOND);
        }))
        .await;
    });
}
