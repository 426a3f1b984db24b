//! The attribute `every_executor`: what becomes of a test.

use dormouse_check::every_executor;

#[every_executor]
async fn probe() {
    assert_eq!(std::future::ready(1).await, 1);
}

#[every_executor]
async fn ok() -> Result<(), std::num::ParseIntError> {
    let _: u8 = std::future::ready("7").await.parse()?;
    Ok(())
}

#[every_executor(time_limit = "1 s")]
async fn hangs() -> Result<(), std::num::ParseIntError> {
    let (_s, r) = futures::channel::oneshot::channel::<u8>();
    let _ = std::future::ready(1)
        .await;
    let _ = futures::future::join(std::future::pending::<()>(), async {
        std::future::ready(1).await;
        r.await
    })
    .await;
    Ok(())
}
#[every_executor(time_limit = "1 s")]
#[should_panic]
async fn hangs2() {
    std::future::ready(1).await;
    futures::join!(std::future::pending::<()>(), async {
        std::future::ready(1).await;
    });
}
