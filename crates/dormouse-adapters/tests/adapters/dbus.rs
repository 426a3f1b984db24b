//! zbus, against dbus-daemon with a configuration of its own.

#[path = "../../examples/dbus.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{Place, Server, on_every_executor, the_last_waker_is_woken};
use dormouse_adapters::zbus_6::DormouseRuntime;
use futures::StreamExt;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;
use zbus::runtime::Interest;
use zbus::runtime::traits::{PollIo, Runtime, TaskHandle};

on_every_executor! {
    a_service_answers_its_client
    a_name_that_appears_is_announced
    a_call_without_an_answer_times_out
    a_connection_to_a_bus_that_ends_is_closed
    a_child_process_reports_its_status
    a_task_whose_handle_is_dropped_is_cancelled
    a_registered_socket_wakes_the_last_task_of_each_direction
}

fn dbus_daemon() -> Option<Server> {
    let configure = |place: &Place, dbus: &mut Command| {
        let (folder, tcp) = (place.folder.display(), place.address);
        let config = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
                "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
                <listen>unix:path={folder}/bus</listen>
                <listen>tcp:host={},bind={},port={}</listen>
                <auth>EXTERNAL</auth>
                <auth>ANONYMOUS</auth>
                <allow_anonymous/>
                <policy context="default">
                    <allow send_destination="*" eavesdrop="true"/>
                    <allow eavesdrop="true"/>
                    <allow own="*"/>
                </policy>
            </busconfig>"#,
            tcp.ip(),
            tcp.ip(),
            tcp.port()
        );
        std::fs::write(place.folder.join("config"), config).unwrap();
        dbus.args([&format!("--config-file={folder}/config"), "--nofork", "--nosyslog"]);
    };
    let is_ready = |place: &Place| UnixStream::connect(place.folder.join("bus")).is_ok();
    Server::start("dbus-daemon", configure, is_ready)
}

fn unix(server: &Server) -> String {
    format!("unix:path={}/bus", server.place().folder.display())
}

fn builder(address: &str) -> Builder<'_> {
    Builder::address(address).runtime(DormouseRuntime)
}

async fn a_service_answers_its_client() {
    let Some(server) = dbus_daemon() else { return };
    example::unix::run(Some(&unix(&server))).await.unwrap();
    let tcp = server.place().address;
    let tcp = format!("tcp:host={},port={}", tcp.ip(), tcp.port());
    example::unix::run(Some(&tcp)).await.unwrap();
}

async fn a_name_that_appears_is_announced() {
    let Some(server) = dbus_daemon() else { return };
    let address = unix(&server);
    let listener = builder(&address).build().await.unwrap();
    let bus = DBusProxy::new(&listener).await.unwrap();
    let mut changes = bus.receive_name_owner_changed().await.unwrap();
    let _owner = builder(&address).name("org.example.Nest").build().await.unwrap();
    loop {
        let change = changes.next().await.unwrap();
        if change.args().unwrap().name() == "org.example.Nest" {
            return;
        }
    }
}

async fn a_call_without_an_answer_times_out() {
    let Some(server) = dbus_daemon() else { return };
    let address = unix(&server);
    // Its connection reads the call, and no object answers.
    let silent = builder(&address).build().await.unwrap();
    let name = silent.unique_name().unwrap().clone();
    let limit = Duration::from_millis(20);
    let client = builder(&address).method_timeout(limit).build().await.unwrap();
    let call = client.call_method(Some(&name), "/", Some("org.example.Clock"), "Wait", &());
    let zbus::Error::InputOutput(err) = call.await.unwrap_err() else { panic!("another error") };
    assert_eq!(err.kind(), std::io::ErrorKind::TimedOut);
}

async fn a_connection_to_a_bus_that_ends_is_closed() {
    let Some(mut server) = dbus_daemon() else { return };
    let connection = builder(&unix(&server)).build().await.unwrap();
    let bus = DBusProxy::new(&connection).await.unwrap();
    bus.get_id().await.unwrap();
    server.kill();
    bus.get_id().await.unwrap_err();
    assert!(builder(&unix(&server)).build().await.is_err());
}

async fn a_child_process_reports_its_status() {
    let (mut output, write) = UnixStream::pair().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo awake; exit 3"]);
    let stdout = Stdio::from(std::os::fd::OwnedFd::from(write));
    let exit = DormouseRuntime.spawn_process(command, Stdio::null(), stdout, Stdio::null());
    assert_eq!(exit.unwrap().await.unwrap().code(), Some(3));
    // It ends, because nothing of the runtime holds the other end.
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    assert_eq!(text, "awake\n");
    let missing = Command::new("/no/such/program");
    let failed =
        DormouseRuntime.spawn_process(missing, Stdio::null(), Stdio::null(), Stdio::null());
    assert!(failed.is_err());
}

async fn a_task_whose_handle_is_dropped_is_cancelled() {
    let (sender, dropped) = async_channel::bounded::<()>(1);
    let task = DormouseRuntime.spawn("waits", async move {
        let _sender = sender;
        std::future::pending::<()>().await;
    });
    drop(task);
    assert!(dropped.recv().await.is_err());

    let (sender, done) = async_channel::bounded(1);
    DormouseRuntime.spawn("runs on", async move { sender.send(7).await }).detach();
    assert_eq!(done.recv().await, Ok(7));
}

async fn a_registered_socket_wakes_the_last_task_of_each_direction() {
    let (socket, mut peer) = UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    let source = std::os::fd::OwnedFd::from(socket.try_clone().unwrap());
    let io = DormouseRuntime.register_io_source(source.into()).unwrap();
    while (&socket).write(&[0; 4096]).is_ok() {}
    let mut peer_2 = peer.try_clone().unwrap();
    let write = the_last_waker_is_woken(
        |cx| io.poll_io(cx, Interest::Writable, || (&socket).write(b"!")),
        || peer.read(&mut vec![0; 8 << 20]).unwrap(),
    );
    let read = the_last_waker_is_woken(
        |cx| io.poll_io(cx, Interest::Readable, || (&socket).read(&mut [0])),
        || peer_2.write_all(b"!").unwrap(),
    );
    let (written, read) = futures::join!(write, read);
    assert_eq!((written.unwrap(), read.unwrap()), (1, 1));
}
