//! Retries with backon, on three executors: a client that starts before its server.
//!
//! Run it with `cargo run -p dormouse-adapters --features backon_1 --example retry`.

mod executors;

use backon::{ExponentialBuilder, Retryable};
use dormouse::net::{TcpListener, TcpSocket, TcpStream};
use dormouse_adapters::backon_1::DormouseSleeper;
use executors::{Outcome, on_each_executor};
use std::time::Duration;

pub(crate) async fn run() -> Outcome {
    // A port at which nothing listens yet.
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.1:0".parse()?)?;
    let address = socket.local_addr()?;

    let client = async {
        let pauses = ExponentialBuilder::default().with_min_delay(Duration::from_millis(10));
        let stream = (|| TcpStream::connect(address))
            .retry(pauses.without_max_times())
            .sleep(DormouseSleeper)
            .notify(|err, pause| println!("{err}; next attempt in {pause:?}"))
            .await?;
        println!("connected to {}", stream.peer_addr()?);
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    let server = async {
        dormouse::sleep(Duration::from_millis(50)).await;
        let listener: TcpListener = socket.listen(8)?;
        listener.accept().await?;
        Ok(())
    };
    futures::try_join!(client, server).map(drop)
}

fn main() -> std::process::ExitCode {
    on_each_executor(run)
}
