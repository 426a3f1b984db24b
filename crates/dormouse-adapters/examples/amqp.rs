//! AMQP with lapin, on three executors: messages that the broker confirms, and their consumer.
//!
//! Run it with `cargo run -p dormouse-adapters --features async_rs_0_8 --example amqp -- amqp://127.0.0.1/`. It needs a
//! broker, such as RabbitMQ.

mod executors;

use async_rs::Runtime;
use dormouse_adapters::async_rs_0_8::Dormouse;
use executors::{Outcome, on_each_executor};
use futures::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions};
use lapin::options::{ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};

pub(crate) async fn connect(uri: &str) -> lapin::Result<Connection> {
    let properties = ConnectionProperties::default();
    Connection::connect_with_runtime(uri, properties, Runtime::new(Dormouse)).await
}

/// Sends each message to a queue of its own, receives it again, and returns the sum of the lengths.
pub(crate) async fn send_and_receive(
    connection: &Connection,
    messages: &[&[u8]],
) -> lapin::Result<usize> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    // The broker chooses the name, and deletes the queue with the connection.
    let options = QueueDeclareOptions::exclusive();
    let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
    let (name, options) = (queue.name().clone(), BasicConsumeOptions::default());
    let mut deliveries =
        channel.basic_consume(name.clone(), "".into(), options, FieldTable::default()).await?;

    let send = async {
        for message in messages {
            let (options, properties) =
                (BasicPublishOptions::default(), BasicProperties::default());
            let sent = channel.basic_publish("".into(), name.clone(), options, message, properties);
            sent.await?.await?; // the broker confirms it
        }
        Ok::<_, lapin::Error>(())
    };
    let receive = async {
        let mut len = 0;
        for _ in messages {
            let Some(delivery) = deliveries.next().await else { break };
            let delivery = delivery?;
            delivery.ack(BasicAckOptions::default()).await?;
            len += delivery.data.len();
        }
        Ok(len)
    };
    let ((), len) = futures::try_join!(send, receive)?;
    channel.close(200, "bye".into()).await?;
    Ok(len)
}

pub(crate) async fn run(uri: &str) -> Outcome {
    let connection = connect(uri).await?;
    let len = send_and_receive(&connection, &[b"fall asleep", b"dream", b"wake up"]).await?;
    println!("received {len} bytes");
    connection.close(200, "bye".into()).await?;
    Ok(())
}

fn main() -> std::process::ExitCode {
    let uri = std::env::args().nth(1).unwrap_or_else(|| "amqp://127.0.0.1/".to_owned());
    on_each_executor(async || run(&uri).await)
}
