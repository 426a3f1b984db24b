//! Netlink with rtnetlink, on three executors: the network interfaces of this machine.
//!
//! Run it with `cargo run -p dormouse-adapters --features netlink_sys_0_9 --example links`.

#[cfg(target_os = "linux")]
mod executors;

#[cfg(target_os = "linux")]
pub(crate) mod linux {
    use super::executors::Outcome;
    use dormouse_adapters::netlink_sys_0_9::DormouseSocket;
    use futures::TryStreamExt;
    use futures::future::{Either, select};
    use rtnetlink::packet_route::link::LinkAttribute;
    use std::pin::pin;

    pub(crate) async fn run() -> Outcome {
        // The connection is a future, which has to run for as long as the handle is used.
        let (connection, handle, _) = rtnetlink::new_connection_with_socket::<DormouseSocket>()?;
        let list = async {
            let mut links = handle.link().get().execute();
            while let Some(link) = links.try_next().await? {
                let name = link.attributes.iter().find_map(|attribute| match attribute {
                    LinkAttribute::IfName(name) => Some(name.as_str()),
                    _ => None,
                });
                println!("{}: {}", link.header.index, name.unwrap_or("?"));
            }
            Ok(())
        };
        match select(pin!(list), connection).await {
            Either::Left((listed, _connection)) => listed,
            Either::Right(((), _list)) => Err("the connection has ended".into()),
        }
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    executors::on_each_executor(linux::run)
}

#[cfg(not(target_os = "linux"))]
fn main() {}
