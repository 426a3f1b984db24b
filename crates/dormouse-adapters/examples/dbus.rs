//! D-Bus with zbus, on three executors: a service and its client on the session bus.
//!
//! Run it with `cargo run -p dormouse-adapters --features zbus_6 --example dbus`. It needs a session bus: `dbus-run-session`
//! starts one.

#[cfg(unix)]
mod executors;

#[cfg(unix)]
pub(crate) mod unix {
    use super::executors::Outcome;
    use dormouse_adapters::zbus_6::DormouseRuntime;
    use zbus::connection::Builder;
    use zbus::{interface, proxy};

    struct Clock;

    #[interface(name = "org.example.Clock")]
    impl Clock {
        async fn wait(&self, ms: u64) -> String {
            dormouse::sleep(std::time::Duration::from_millis(ms)).await;
            format!("slept for {ms} ms")
        }
    }

    #[proxy(
        interface = "org.example.Clock",
        default_service = "org.example.Clock",
        default_path = "/"
    )]
    trait Clock {
        async fn wait(&self, ms: u64) -> zbus::Result<String>;
    }

    /// The bus is that of the session, unless `address` names another.
    pub(crate) async fn run(address: Option<&str>) -> Outcome {
        let builder = || match address {
            Some(address) => Builder::address(address),
            None => Builder::session(),
        };
        let service = builder().runtime(DormouseRuntime).serve_at("/", Clock);
        let _service = service.name("org.example.Clock").build().await?;
        let client = builder().runtime(DormouseRuntime).build().await?;
        println!("{}", ClockProxy::new(&client).await?.wait(5).await?);
        Ok(())
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    executors::on_each_executor(async || unix::run(None).await)
}

#[cfg(not(unix))]
fn main() {}
