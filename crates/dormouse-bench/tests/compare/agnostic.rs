use agnostic_lite::{RuntimeLite, smol::SmolRuntime, tokio::TokioRuntime};
use std::{io, time::Duration};

async fn pause<R: RuntimeLite>() {
    R::sleep(Duration::from_millis(10)).await;
}

async fn read<R: RuntimeLite>(
    read: impl Future<Output = io::Result<usize>> + Send,
) -> io::Result<usize> {
    R::timeout(Duration::from_secs(5), read).await?
}

async fn retry<R: RuntimeLite, T>(
    mut attempt: impl AsyncFnMut() -> io::Result<T>,
) -> io::Result<T> {
    let mut pause = Duration::from_millis(10);
    for _ in 0..4 {
        if let Ok(value) = attempt().await {
            return Ok(value);
        }
        R::sleep(pause).await;
        pause *= 2;
    }
    attempt().await
}

async fn all<R: RuntimeLite>() {
    pause::<R>().await;
    assert_eq!(read::<R>(async { Ok(3) }).await.unwrap(), 3);
    assert_eq!(retry::<R, _>(async || Ok(3)).await.unwrap(), 3);
}

#[test]
fn the_programs_for_agnostic_run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(all::<TokioRuntime>());
    futures_executor::block_on(all::<SmolRuntime>());
}
