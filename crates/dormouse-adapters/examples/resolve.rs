//! DNS with hickory, on three executors: the addresses of a name, from the name servers of the system.
//!
//! Run it with `cargo run -p dormouse-adapters --features hickory_0_26 --example resolve -- example.org`.

mod executors;

use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
use executors::{Outcome, on_each_executor};
use hickory_resolver::Resolver;

async fn run(name: &str) -> Outcome {
    let resolver = Resolver::builder(DormouseRuntimeProvider)?.build()?;
    for address in resolver.lookup_ip(name).await?.iter() {
        println!("{name} has the address {address}");
    }
    Ok(())
}

fn main() -> std::process::ExitCode {
    let name = std::env::args().nth(1).unwrap_or_else(|| "localhost".to_owned());
    on_each_executor(async || run(&name).await)
}
