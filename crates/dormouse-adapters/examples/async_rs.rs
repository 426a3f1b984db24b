//! A library that is generic over the runtimes of async-rs, on three executors.
//!
//! Run it with `cargo run -p dormouse-adapters --features async_rs_0_8 --example async_rs`.

mod executors;

use async_rs::Runtime;
use async_rs::traits::{Executor, Reactor, RuntimeKit};
use dormouse_adapters::async_rs_0_8::Dormouse;
use executors::{Outcome, on_each_executor};
use futures::{AsyncReadExt, AsyncWriteExt};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

/// What a library would have: it names no runtime.
async fn greet<R: RuntimeKit + Sync>(runtime: &Runtime<R>) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let accept = runtime.spawn_blocking(move || listener.accept());
    let mut client = runtime.tcp_connect_addr(address).await?;
    let (peer, _) = accept.await?;
    peer.set_nonblocking(true)?;
    let mut peer = runtime.register(peer)?;
    let answer = runtime.spawn(async move {
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        Ok(answer)
    });
    runtime.sleep(Duration::from_millis(5)).await;
    peer.write_all(b"good morning").await?;
    drop(peer);
    answer.await
}

pub(crate) async fn run() -> Outcome {
    println!("{}", greet(&Runtime::new(Dormouse)).await?);
    Ok(())
}

fn main() -> std::process::ExitCode {
    on_each_executor(run)
}
