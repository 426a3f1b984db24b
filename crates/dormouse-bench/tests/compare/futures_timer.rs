use futures_util::future::{Either, select};
use std::{io, pin::pin, time::Duration};

async fn pause() {
    futures_timer::Delay::new(Duration::from_millis(10)).await;
}

async fn read(read: impl Future<Output = io::Result<usize>>) -> io::Result<usize> {
    let limit = futures_timer::Delay::new(Duration::from_secs(5));
    match select(pin!(read), limit).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[test]
fn the_programs_for_futures_timer_run() {
    futures_executor::block_on(pause());
    assert_eq!(futures_executor::block_on(read(async { Ok(3) })).unwrap(), 3);
}
