//! A loop around an interval, a deadline that moves and a channel: the programs in tokio's docs of `select!` and `time`.

use super::rt::sync::mpsc;
use super::rt::time::error::Elapsed;
use super::rt::time::{self, Duration, Instant, MissedTickBehavior, timeout_at};
use super::rt::{pin, select, spawn};
use std::error::Error;

const PERIOD: Duration = Duration::from_millis(5);

pub(crate) async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (tx, mut rx) = mpsc::channel(4);
    spawn(async move {
        for message in ["first", "second"] {
            time::sleep(4 * PERIOD).await;
            let _ = tx.send(message).await;
        }
    });

    let start = Instant::now();
    let mut interval = time::interval_at(start + PERIOD, PERIOD);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    assert_eq!(interval.period(), PERIOD);

    let idle = time::sleep(Duration::from_secs(60));
    pin!(idle);
    let (mut ticks, mut messages) = (0, Vec::new());
    loop {
        select! {
            at = interval.tick() => {
                assert!(at >= start + PERIOD);
                ticks += 1;
            }
            Some(message) = rx.recv() => {
                messages.push(message);
                // From now on the loop ends when it has been idle for some time.
                idle.as_mut().reset(Instant::now() + 4 * PERIOD);
            }
            () = &mut idle => break,
        }
    }
    assert!(idle.is_elapsed() && idle.deadline() <= Instant::now());
    assert!(ticks > 0);
    // On a loaded machine, the loop can end before the second message.
    assert_eq!(messages[0], "first");
    assert!(start.elapsed() >= 8 * PERIOD);

    interval.reset();
    let late: Result<(), Elapsed> =
        timeout_at(Instant::now() + PERIOD, std::future::pending()).await;
    assert!(late.is_err());
    time::timeout(Duration::MAX, interval.tick()).await?;
    Ok(())
}
