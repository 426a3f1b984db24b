//! opentelemetry_sdk.

#[path = "../../examples/spans.rs"]
#[allow(dead_code, reason = "the main function of the example")]
mod example;

use crate::common::{current_thread, multi_thread, on_every_executor, within_time};
use dormouse_adapters::opentelemetry_sdk_0_33::{DormouseRuntime, DormouseThread};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::runtime::RuntimeChannel;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::trace::{BatchConfigBuilder, InMemorySpanExporter, SdkTracerProvider};
use std::time::Duration;

// `DormouseRuntime` would wait for itself on tokio's current thread, as its docs say.
#[test]
fn spans_are_exported_on_executors_with_several_threads() {
    within_time(|| {
        multi_thread().block_on(example::run()).unwrap();
        smol::block_on(example::run()).unwrap();
        dormouse::block_on(example::run()).unwrap();
    });
}

on_every_executor! {
    a_thread_of_its_own_exports_spans
    a_batch_is_exported_after_its_delay
}

async fn a_thread_of_its_own_exports_spans() {
    let (provider, exporter) = provider(DormouseThread, Duration::from_secs(3600));
    for _ in 0..1000 {
        provider.tracer("dormouse").in_span("dream", |_span| {});
    }
    provider.force_flush().unwrap();
    assert_eq!(exporter.get_finished_spans().unwrap().len(), 1000);
    provider.shutdown().unwrap();
}

async fn a_batch_is_exported_after_its_delay() {
    let (provider, exporter) = provider(DormouseRuntime, Duration::from_millis(10));
    provider.tracer("dormouse").in_span("dream", |_span| {});
    while exporter.get_finished_spans().unwrap().is_empty() {
        dormouse::sleep(Duration::from_millis(1)).await;
    }
    // A shutdown would block the only thread of some executors.
    std::mem::forget(provider);
}

fn provider(
    runtime: impl RuntimeChannel,
    delay: Duration,
) -> (SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let config = BatchConfigBuilder::default().with_scheduled_delay(delay).build();
    let processor =
        BatchSpanProcessor::builder(exporter.clone(), runtime).with_batch_config(config).build();
    (SdkTracerProvider::builder().with_span_processor(processor).build(), exporter)
}

#[test]
fn a_shutdown_on_the_only_thread_of_tokio_ends() {
    within_time(|| {
        let runtime = current_thread();
        runtime.block_on(async {
            let (provider, _exporter) = provider(DormouseThread, Duration::from_secs(3600));
            provider.shutdown().unwrap();
        });
    });
}
