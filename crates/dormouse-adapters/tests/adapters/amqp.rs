//! async-rs in lapin, against RabbitMQ.

#[path = "../../examples/amqp.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{Place, Server, current_thread, multi_thread, on_every_executor, within_time};
use example::{connect, send_and_receive};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// The broker, and the name service of Erlang, in which it registers.
struct RabbitMq {
    broker: Server,
    _names: Server,
}

impl RabbitMq {
    fn start() -> Option<RabbitMq> {
        // Debian's `rabbitmq-server` in the path runs as root or as its own user alone.
        const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        if !Path::new(PROGRAM).exists() {
            crate::common::note(&format!("skipped: {PROGRAM} is not installed"));
            return None;
        }
        let is_ready = |place: &Place| TcpStream::connect(place.address).is_ok();
        let names = Server::start(
            "epmd",
            |place, epmd| {
                epmd.args(["-address", &place.address.ip().to_string()]);
                epmd.args(["-port", &place.address.port().to_string()]);
            },
            is_ready,
        )?;
        let (names_ip, names_port) = (names.place().address.ip(), names.place().address.port());
        let broker = Server::start(
            PROGRAM,
            |place, broker| {
                let (ip, port) = (place.address.ip(), place.address.port());
                let interface = ip.octets().map(|octet| octet.to_string()).join(",");
                let folder = &place.folder;
                broker
                    .env("ERL_EPMD_ADDRESS", names_ip.to_string())
                    .env("ERL_EPMD_PORT", names_port.to_string())
                    .env("HOME", folder)
                    .env("RABBITMQ_CONFIG_FILE", folder.join("config"))
                    .env("RABBITMQ_CONF_ENV_FILE", folder.join("environment"))
                    .env("RABBITMQ_DIST_PORT", (port + 10_000).to_string())
                    .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
                    .env("RABBITMQ_LOGS", "-")
                    .env("RABBITMQ_LOG_BASE", folder)
                    .env("RABBITMQ_MNESIA_BASE", folder)
                    .env("RABBITMQ_NODENAME", "dormouse@localhost")
                    .env("RABBITMQ_NODE_IP_ADDRESS", ip.to_string())
                    .env("RABBITMQ_NODE_PORT", port.to_string())
                    .env("RABBITMQ_PID_FILE", folder.join("pid"))
                    .env(
                        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                        format!("-kernel inet_dist_use_interface {{{interface}}}"),
                    )
                    // Then the script is replaced by the broker, so that killing the process kills it.
                    .env("NOTIFY_SOCKET", folder.join("notify"));
            },
            is_ready,
        )?;
        Some(RabbitMq { broker, _names: names })
    }

    fn uri(&self, query: &str) -> String {
        format!("amqp://guest:guest@{}/%2f{query}", self.broker.place().address)
    }
}

// One test for all, because the broker starts in seconds.
#[test]
fn lapin_talks_to_rabbitmq_on_each_executor() {
    within_time(|| {
        let Some(mut rabbitmq) = RabbitMq::start() else { return };
        std::thread::scope(|scope| {
            scope.spawn(|| multi_thread().block_on(talk(&rabbitmq)));
            scope.spawn(|| current_thread().block_on(talk(&rabbitmq)));
            scope.spawn(|| smol::block_on(talk(&rabbitmq)));
            scope.spawn(|| dormouse::block_on(talk(&rabbitmq)));
        });
        dormouse::block_on(a_connection_whose_broker_has_ended_is_an_error(&mut rabbitmq));
    });
}

async fn talk(rabbitmq: &RabbitMq) {
    let idle = connect(&rabbitmq.uri("?heartbeat=3")).await.unwrap();
    example::run(&rabbitmq.uri("")).await.unwrap();
    large_messages_arrive_complete(rabbitmq).await;
    many_channels_share_a_connection(rabbitmq).await;
    // The broker closes a connection from which it has heard nothing for twice the time.
    dormouse::sleep(Duration::from_secs(7)).await;
    assert_eq!(send_and_receive(&idle, &[b"awake"]).await.unwrap(), 5);
    idle.close(200, "bye".into()).await.unwrap();
}

async fn large_messages_arrive_complete(rabbitmq: &RabbitMq) {
    let connection = connect(&rabbitmq.uri("")).await.unwrap();
    let message = vec![7; 4 << 20];
    let messages = [&message[..], &message, &message];
    assert_eq!(send_and_receive(&connection, &messages).await.unwrap(), 12 << 20);
    connection.close(200, "bye".into()).await.unwrap();
}

async fn many_channels_share_a_connection(rabbitmq: &RabbitMq) {
    let connection = connect(&rabbitmq.uri("")).await.unwrap();
    let channels = (0..20).map(|_| send_and_receive(&connection, &[b"dream", b"wake up"]));
    for len in futures::future::join_all(channels).await {
        assert_eq!(len.unwrap(), 12);
    }
    connection.close(200, "bye".into()).await.unwrap();
}

async fn a_connection_whose_broker_has_ended_is_an_error(rabbitmq: &mut RabbitMq) {
    let connection = connect(&rabbitmq.uri("")).await.unwrap();
    rabbitmq.broker.kill();
    while connection.status().connected() {
        dormouse::sleep(Duration::from_millis(5)).await;
    }
    connection.create_channel().await.unwrap_err();
}

on_every_executor!(a_broker_that_is_missing_is_an_error);

async fn a_broker_that_is_missing_is_an_error() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failed = connect(&format!("amqp://{closed}/")).await.unwrap_err();
    assert!(failed.to_string().contains("refused"), "{failed}");
}
