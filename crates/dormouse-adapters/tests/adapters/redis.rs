//! redis, against redis-server.

#[path = "../../examples/redis.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{Place, Server, multi_thread, on_every_executor, within_time};
use dormouse::timeout;
use dormouse_adapters::redis_1::{connect, connect_with_config};
use redis::{AsyncCommands, AsyncConnectionConfig, PushKind};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

on_every_executor! {
    many_tasks_share_a_connection
    large_values_arrive_complete
    a_timeout_around_a_request_leaves_the_connection_usable
    messages_are_pushed
    requests_fail_when_the_server_has_ended
    an_address_with_tls_is_an_error
}

fn redis_server() -> Option<Server> {
    let configure = |place: &Place, redis: &mut Command| {
        let (ip, port) = (place.address.ip(), place.address.port());
        let folder = place.folder.display();
        let config = format!(
            "--bind {ip} --port {port} --dir {folder} --unixsocket {folder}/socket --appendonly no"
        );
        redis.args(config.split(' ')).args(["--save", ""]);
    };
    let is_ready = |place: &Place| UnixStream::connect(place.folder.join("socket")).is_ok();
    Server::start("redis-server", configure, is_ready)
}

fn tcp(server: &Server) -> String {
    format!("redis://{}/", server.place().address)
}

fn unix(server: &Server) -> String {
    format!("unix://{}/socket", server.place().folder.display())
}

async fn many_tasks_share_a_connection() {
    let Some(server) = redis_server() else { return };
    for url in [tcp(&server), unix(&server)] {
        example::run(&url).await.unwrap();
        let mut connection = connect(url).await.unwrap();
        assert_eq!(connection.get::<_, u64>("visits").await.unwrap(), 100);
    }
}

async fn large_values_arrive_complete() {
    let Some(server) = redis_server() else { return };
    let value: Vec<u8> = (0..=255).cycle().take(8 << 20).collect();
    for url in [tcp(&server), unix(&server)] {
        let mut connection = connect(url).await.unwrap();
        let _: () = connection.set("large", &value).await.unwrap();
        assert!(connection.get::<_, Vec<u8>>("large").await.unwrap() == value);
    }
}

async fn a_timeout_around_a_request_leaves_the_connection_usable() {
    let Some(server) = redis_server() else { return };
    let mut connection = connect(tcp(&server)).await.unwrap();
    let wait = connection.blpop::<_, Option<(String, String)>>("empty", 0.1);
    timeout(Duration::from_millis(10), wait).await.unwrap_err();
    let _: () = connection.set("key", "value").await.unwrap();
    assert_eq!(connection.get::<_, String>("key").await.unwrap(), "value");
}

async fn messages_are_pushed() {
    let Some(server) = redis_server() else { return };
    let (sender, messages) = async_channel::unbounded();
    let config = AsyncConnectionConfig::new()
        .set_push_sender(move |push| sender.try_send(push).map_err(|_| redis::aio::SendError));
    let url = format!("{}?protocol=resp3", tcp(&server));
    let mut subscriber = connect_with_config(url, config).await.unwrap();
    subscriber.subscribe("news").await.unwrap();
    let mut publisher = connect(tcp(&server)).await.unwrap();
    assert_eq!(publisher.publish::<_, _, u64>("news", "spring").await.unwrap(), 1);
    loop {
        let push = messages.recv().await.unwrap();
        if push.kind == PushKind::Message {
            assert_eq!(push.data[1], redis::Value::BulkString(b"spring".into()));
            return;
        }
    }
}

async fn requests_fail_when_the_server_has_ended() {
    let Some(mut server) = redis_server() else { return };
    let mut connection = connect(tcp(&server)).await.unwrap();
    server.kill();
    let failed = connection.get::<_, String>("key").await.unwrap_err();
    assert!(failed.is_connection_dropped() || failed.is_io_error(), "{failed}");
    assert!(connect(tcp(&server)).await.unwrap_err().is_connection_refusal());
}

async fn an_address_with_tls_is_an_error() {
    let tls = redis::ConnectionAddr::TcpTls {
        host: "127.0.0.1".to_owned(),
        port: 1,
        insecure: false,
        tls_params: None,
    };
    let failed = connect(tls).await.unwrap_err();
    assert_eq!(failed.kind(), redis::ErrorKind::InvalidClientConfig);
}

#[test]
fn a_connection_whose_runtime_has_shut_down_returns_errors() {
    within_time(|| {
        let Some(server) = redis_server() else { return };
        let runtime = multi_thread();
        let mut connection = runtime.block_on(connect(tcp(&server))).unwrap();
        drop(runtime);
        dormouse::block_on(async {
            let failed = connection.get::<_, String>("key").await.unwrap_err();
            assert!(failed.is_connection_dropped() || failed.is_io_error(), "{failed}");
            let mut connection = connect(tcp(&server)).await.unwrap();
            let _: () = connection.set("key", "value").await.unwrap();
        });
    });
}
