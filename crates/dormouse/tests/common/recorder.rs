//! A subscriber that records the events of dormouse, and a sleep that completes late.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test binary uses a part of it")]

use crate::common::MS;
use dormouse::sleep;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// An event: its level, and its fields as text.
#[derive(Clone, Debug)]
pub struct Seen {
    pub level: Level,
    pub fields: BTreeMap<&'static str, String>,
}

impl Seen {
    pub fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    pub fn number(&self, field: &str) -> u64 {
        self.get(field).parse().unwrap()
    }
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Records the events with the target `dormouse`, and calls a function for each.
pub struct Recorder {
    seen: Mutex<Vec<Seen>>,
    then: fn(),
}

impl Recorder {
    /// Sets it as the subscriber of the process.
    pub fn install(then: fn()) -> Arc<Recorder> {
        let recorder = Arc::new(Recorder { seen: Mutex::default(), then });
        tracing::subscriber::set_global_default(Shared(recorder.clone())).unwrap();
        recorder
    }

    pub fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn with(&self, message: &str) -> Vec<Seen> {
        self.all().into_iter().filter(|seen| seen.get("message") == message).collect()
    }
}

struct Shared(Arc<Recorder>);

impl Subscriber for Shared {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "dormouse"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut seen = Seen { level: *event.metadata().level(), fields: BTreeMap::new() };
        event.record(&mut seen);
        self.0.seen.lock().unwrap().push(seen);
        (self.0.then)();
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

pub const LATE_SLEEP: &str = "a sleep has completed late";
pub const LATE_TIMERS: &str = "the reactor has fired timers late";

/// Waits for a sleep while the thread, which polls the reactor, is blocked past the deadline. Returns the line of the
/// sleep.
pub async fn late_sleep() -> u32 {
    let (line, mut late) = (line!(), sleep(200 * MS));
    assert!(futures::poll!(&mut late).is_pending());
    std::thread::sleep(280 * MS);
    late.await;
    line
}
