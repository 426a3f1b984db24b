//! The limits of a check, and which findings are failures.

use crate::kind::Kind;
use crate::watchdog::Around;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How many polls in a row may wake their own task by default.
pub(crate) const DEFAULT_MAX_SELF_WAKES: u32 = 100;

#[derive(Clone)]
pub(crate) struct Settings {
    /// The name of the future in the report.
    pub(crate) name: String,
    /// The size of the future, in bytes.
    pub(crate) size: usize,
    /// The time of the whole check. One run of an instance may take half of it.
    pub(crate) time_limit: Duration,
    /// The largest number of polls after which the future is dropped.
    pub(crate) max_polls: u32,
    /// How many polls in a row may wake their own task.
    pub(crate) max_self_wakes: u32,
    pub(crate) blocking_limit: Duration,
    /// The seed of the first random schedule.
    pub(crate) seed: Option<u64>,
    pub(crate) around: Around,
    /// Returns how many bytes are allocated.
    pub(crate) allocated_bytes: Option<Arc<dyn Fn() -> usize + Send + Sync>>,
    allowed: BTreeSet<Kind>,
    denied: BTreeSet<Kind>,
}

/// The name of the type, or that of the function whose `async` block or closure it is.
fn default_name<F>() -> &'static str {
    std::any::type_name::<F>().trim_end_matches("::{{closure}}")
}

impl Settings {
    /// The defaults for a future of type `F`.
    pub(crate) fn new<F>() -> Settings {
        Settings {
            name: default_name::<F>().to_owned(),
            size: size_of::<F>(),
            time_limit: Duration::from_secs(10),
            max_polls: 8,
            max_self_wakes: DEFAULT_MAX_SELF_WAKES,
            blocking_limit: Duration::from_millis(10),
            seed: None,
            around: None,
            allocated_bytes: None,
            allowed: BTreeSet::new(),
            denied: BTreeSet::new(),
        }
    }

    /// Makes findings of this kind notes.
    pub(crate) fn allow(&mut self, kind: Kind) {
        self.denied.remove(&kind);
        self.allowed.insert(kind);
    }

    /// Makes findings of this kind failures.
    pub(crate) fn deny(&mut self, kind: Kind) {
        self.allowed.remove(&kind);
        self.denied.insert(kind);
    }

    /// Whether a finding is a note. `by_default` says whether it is one if its kind is neither allowed nor denied.
    pub(crate) fn is_note(&self, kind: Kind, by_default: bool) -> bool {
        self.is_allowed(kind) || by_default && !self.denied.contains(&kind)
    }

    pub(crate) fn is_allowed(&self, kind: Kind) -> bool {
        self.allowed.contains(&kind)
    }
}
