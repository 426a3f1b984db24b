//! What happened to one copy of the future, in order, and how that is drawn.

use std::backtrace::Backtrace;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

/// How a poll ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    Pending,
    /// An item of a stream; more may follow.
    Item,
    /// The output, or the last item.
    Ready,
    /// An output that is not the expected one.
    Wrong,
    Panicked(String),
}

impl Polled {
    /// Ready, in whatever way.
    pub(crate) fn progress(&self) -> bool {
        *self != Polled::Pending
    }
}

impl fmt::Display for Polled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Polled::Pending => f.write_str("Pending"),
            Polled::Item => f.write_str("Ready, an item"),
            Polled::Ready => f.write_str("Ready"),
            Polled::Wrong => f.write_str("Ready, with an output that is not the expected one"),
            Polled::Panicked(message) => write!(f, "panics: {message}"),
        }
    }
}

/// The waker that a poll was given, by the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) usize);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = char::from(b'A' + (self.0 % 26) as u8);
        match self.0 / 26 {
            0 => write!(f, "{letter}"),
            round => write!(f, "{letter}{round}"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    PollBegins {
        number: u32,
        waker: Name,
        /// Nobody had woken it.
        forced: bool,
    },
    PollEnds {
        number: u32,
        how: Polled,
    },
    Wake {
        waker: Name,
        inside_poll: bool,
        thread: String,
        trace: Option<Arc<Backtrace>>,
    },
    EventFired(u32),
    Dropped,
    Remark(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// The time line of a finding: one line for each thing that happened.
pub(crate) fn draw(entries: &[Entry]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let began = entries.first().map_or(Duration::ZERO, |entry| entry.at);
    let mut index = 0;
    while index < entries.len() {
        let Entry { at, what } = &entries[index];
        let mut line = format!("{:9.2} ms ", at.saturating_sub(began).as_secs_f64() * 1e3);
        match what {
            What::PollBegins { number, waker, forced } => {
                let _ = write!(line, "|> poll {number}, waker {waker}");
                if *forced {
                    line.push_str(", not woken");
                }
                if let Some(Entry { what: What::PollEnds { how, .. }, .. }) = entries.get(index + 1)
                {
                    let _ = write!(line, " -> {how}");
                    index += 1;
                }
            }
            What::PollEnds { number, how } => {
                let _ = write!(line, "|  poll {number} -> {how}");
            }
            What::Wake { waker, inside_poll, thread, .. } => {
                let _ = write!(line, "|    * {waker} is woken");
                if *inside_poll {
                    line.push_str(", by the poll itself");
                } else {
                    let _ = write!(line, ", by {thread}");
                }
            }
            What::EventFired(number) => {
                let _ = write!(line, "|    ! event {number}");
            }
            What::Dropped => line.push_str("|x dropped"),
            What::Remark(remark) => {
                let _ = write!(line, "|    . {remark}");
            }
        }
        lines.push(line);
        index += 1;
    }
    shorten(lines)
}

/// Leaves out the middle of a long time line.
fn shorten(mut lines: Vec<String>) -> Vec<String> {
    const HEAD: usize = 8;
    const TAIL: usize = 8;
    if lines.len() > HEAD + TAIL + 2 {
        let left_out = lines.len() - HEAD - TAIL;
        let gap = format!("{:13}:    {left_out} more lines", "");
        lines.splice(HEAD..HEAD + left_out, [gap]);
    }
    lines
}

/// The frames of a backtrace that belong to the code under test.
pub(crate) fn frames(trace: &Backtrace) -> Vec<String> {
    const FOREIGN: [&str; 10] = [
        "std::",
        "core::",
        "alloc::",
        "<alloc::",
        "<core::",
        "<std::",
        "__rust",
        "dormouse_check::",
        "<dormouse_check::",
        "test::",
    ];
    let text = trace.to_string();
    let mut frames: Vec<String> = Vec::new();
    let mut wanted = false;
    for line in text.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            if let (true, Some(frame)) = (wanted, frames.last_mut()) {
                let _ = write!(frame, " at {place}");
            }
            continue;
        }
        let symbol = line.split_once(": ").map_or(line, |(_, symbol)| symbol);
        wanted = !FOREIGN.iter().any(|prefix| symbol.starts_with(prefix))
            && !matches!(symbol, "_start" | "main" | "<unknown>")
            && !symbol.contains("libc_start")
            && !symbol.starts_with("start_thread")
            && !symbol.starts_with("clone");
        if wanted {
            frames.push(symbol.to_owned());
        }
    }
    frames.truncate(6);
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64, what: What) -> Entry {
        Entry { at: Duration::from_millis(ms), what }
    }

    #[test]
    fn a_poll_and_its_end_are_one_line() {
        let lines = draw(&[
            at(0, What::PollBegins { number: 1, waker: Name(0), forced: false }),
            at(0, What::PollEnds { number: 1, how: Polled::Pending }),
            at(5, What::EventFired(1)),
        ]);
        assert_eq!(
            lines,
            ["     0.00 ms |> poll 1, waker A -> Pending", "     5.00 ms |    ! event 1"]
        );
    }

    #[test]
    fn a_wake_inside_a_poll_stands_between_its_beginning_and_its_end() {
        let lines = draw(&[
            at(0, What::PollBegins { number: 1, waker: Name(0), forced: false }),
            at(
                0,
                What::Wake {
                    waker: Name(0),
                    inside_poll: true,
                    thread: "main".into(),
                    trace: None,
                },
            ),
            at(1, What::PollEnds { number: 1, how: Polled::Pending }),
        ]);
        assert_eq!(lines.len(), 3);
        assert!(lines[1].ends_with("* A is woken, by the poll itself"), "{lines:?}");
    }

    #[test]
    fn a_long_time_line_loses_its_middle() {
        let entries: Vec<Entry> = (0..100).map(|n| at(n, What::EventFired(n as u32))).collect();
        let lines = draw(&entries);
        assert_eq!(lines.len(), 17);
        assert!(lines[8].ends_with("84 more lines"), "{lines:?}");
        assert!(lines[16].ends_with("event 99"), "{lines:?}");
    }

    #[test]
    fn a_waker_has_a_letter() {
        assert_eq!([0, 1, 25, 26].map(|n| Name(n).to_string()), ["A", "B", "Z", "A1"]);
    }
}
