use std::io::{self, Write};
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::time::Duration;

async fn pause() -> io::Result<()> {
    zruntime::SharedRuntime::current()?.sleep(Duration::from_millis(10)).await;
    Ok(())
}

async fn read(read: impl Future<Output = io::Result<usize>>) -> io::Result<usize> {
    zruntime::SharedRuntime::current()?.timeout(Duration::from_secs(5), read).await?
}

async fn read_fd(fd: OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    let fd = zruntime::AsyncIo::new(&zruntime::SharedRuntime::current()?, fd)?;
    fd.read_with(|fd| Ok(rustix::io::read(fd, &mut *buffer)?)).await
}

#[test]
fn the_programs_for_zruntime_run() {
    futures_executor::block_on(pause()).unwrap();
    let (fd, mut peer) = UnixStream::pair().unwrap();
    peer.write_all(b"event").unwrap();
    let mut buffer = [0; 9];
    let read = read(read_fd(fd.into(), &mut buffer));
    assert_eq!(futures_executor::block_on(read).unwrap(), 5);
}
