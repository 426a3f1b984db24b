//! Telemetry: the [`Runtime`] of [opentelemetry_sdk] 0.33, which is one of its experimental features.
//!
//! `shutdown` and `force_flush` of a provider block the calling thread until the task of its processor has answered. In
//! tokio's current-thread runtime, and in `VirtualTime::block_on`, that thread is the only one that could run the task, so
//! nothing would ever answer: [`DormouseThread`] runs the task on a thread of its own, in real time. Everywhere else,
//! [`DormouseRuntime`] spawns it on the executor.

use async_channel::{Receiver, Sender, TrySendError as ChannelError};
use dormouse::{block_on, sleep, task};
use opentelemetry_sdk::runtime::{Runtime, RuntimeChannel, TrySend, TrySendError};
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

/// Runs the task of a processor on the executor, as `opentelemetry_sdk::runtime::Tokio` does.
///
/// ```
/// use dormouse_adapters::opentelemetry_sdk_0_33::DormouseRuntime;
/// use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
///
/// let exporter = InMemorySpanExporter::default();
/// let processor = BatchSpanProcessor::builder(exporter, DormouseRuntime).build();
/// let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
/// provider.shutdown().expect("the processor answers");
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "Tokio")]
pub struct DormouseRuntime;

impl Runtime for DormouseRuntime {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        drop(task::spawn(future));
    }

    fn delay(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        sleep(duration)
    }
}

/// Runs the task of a processor on a thread of its own, in `dormouse::block_on`, as
/// `opentelemetry_sdk::runtime::TokioCurrentThread` does.
///
/// The task is outside of every tokio runtime, so an exporter that needs one does not work there.
///
/// ```
/// use dormouse_adapters::opentelemetry_sdk_0_33::DormouseThread;
/// use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let exporter = InMemorySpanExporter::default();
/// let processor = BatchSpanProcessor::builder(exporter, DormouseThread).build();
/// let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
/// provider.shutdown().expect("the processor answers");
/// # }
/// ```
///
/// If the thread cannot be started, the task is dropped, and the provider returns errors.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "TokioCurrentThread")]
pub struct DormouseThread;

impl Runtime for DormouseThread {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        let thread = std::thread::Builder::new().name("opentelemetry".to_owned());
        drop(thread.spawn(|| block_on(future)));
    }

    fn delay(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        sleep(duration)
    }
}

macro_rules! runtime_channel {
    ($($Runtime:ty)*) => {$(
        impl RuntimeChannel for $Runtime {
            type Receiver<T: Debug + Send> = Receiver<T>;
            type Sender<T: Debug + Send> = DormouseSender<T>;

            fn batch_message_channel<T: Debug + Send>(
                &self,
                capacity: usize,
            ) -> (DormouseSender<T>, Receiver<T>) {
                // async-channel panics at a capacity of 0.
                let (sender, receiver) = async_channel::bounded(capacity.max(1));
                (DormouseSender(sender), receiver)
            }
        }
    )*};
}

runtime_channel!(DormouseRuntime DormouseThread);

/// The sending end of the channel to a processor.
///
/// ```
/// use dormouse_adapters::opentelemetry_sdk_0_33::DormouseRuntime;
/// use opentelemetry_sdk::runtime::{RuntimeChannel, TrySend, TrySendError};
///
/// let (sender, receiver) = DormouseRuntime.batch_message_channel(1);
/// sender.try_send(7).expect("room for one");
/// assert!(matches!(sender.try_send(8), Err(TrySendError::ChannelFull)));
/// # drop(receiver);
/// ```
#[derive(Debug)]
pub struct DormouseSender<T>(Sender<T>);

impl<T: Debug + Send> TrySend for DormouseSender<T> {
    type Message = T;

    fn try_send(&self, message: T) -> Result<(), TrySendError> {
        self.0.try_send(message).map_err(|err| match err {
            ChannelError::Full(_) => TrySendError::ChannelFull,
            ChannelError::Closed(_) => TrySendError::ChannelClosed,
        })
    }
}
