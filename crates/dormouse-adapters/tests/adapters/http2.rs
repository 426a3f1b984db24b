//! hyper.

#[path = "../../examples/http2.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::on_every_executor;

on_every_executor!(hyper_serves_http_2);

async fn hyper_serves_http_2() {
    example::run().await.unwrap();
}
