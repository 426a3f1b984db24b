//! Spans of OpenTelemetry, on three executors: a task exports them in batches.
//!
//! Run it with `cargo run -p dormouse-adapters --features opentelemetry_sdk_0_33 --example spans`.

mod executors;

use dormouse_adapters::opentelemetry_sdk_0_33::DormouseRuntime;
use executors::{Outcome, on_each_executor};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

pub(crate) async fn run() -> Outcome {
    let exporter = InMemorySpanExporter::default();
    let processor = BatchSpanProcessor::builder(exporter.clone(), DormouseRuntime).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    for name in ["fall asleep", "dream", "wake up"] {
        provider.tracer("dormouse").in_span(name, |_span| {});
    }
    provider.force_flush()?;
    for span in exporter.get_finished_spans()? {
        println!("{}", span.name);
    }
    provider.shutdown()?;
    Ok(())
}

fn main() -> std::process::ExitCode {
    on_each_executor(run)
}
