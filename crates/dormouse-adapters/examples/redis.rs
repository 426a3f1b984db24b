//! Redis, on three executors: many tasks share a connection.
//!
//! Run it with `cargo run -p dormouse-adapters --features redis_1 --example redis -- redis://127.0.0.1/`. It needs a server.

mod executors;

use dormouse_adapters::redis_1::connect;
use executors::{Outcome, on_each_executor};
use futures::future::try_join_all;
use redis::AsyncCommands;

pub(crate) async fn run(url: &str) -> Outcome {
    let mut connection = connect(url).await?;
    let _: () = connection.set("visits", 0).await?;
    let visit = |_| {
        let mut connection = connection.clone();
        async move { connection.incr::<_, _, u64>("visits", 1).await }
    };
    let visits = try_join_all((0..100).map(visit)).await?;
    println!("{:?} visits", visits.iter().max());
    Ok(())
}

fn main() -> std::process::ExitCode {
    let url = std::env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1/".to_owned());
    on_each_executor(async || run(&url).await)
}
