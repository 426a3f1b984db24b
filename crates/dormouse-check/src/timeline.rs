//! The timeline of one instance: what happened to it, in order, and how a report prints that.

use std::backtrace::Backtrace;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

/// The result of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PollResult {
    Pending,
    /// An item of a stream; more may follow.
    Item,
    /// The output, or the last item.
    Ready,
    /// An output that is not the expected one.
    WrongOutput,
    Panicked(String),
}

impl PollResult {
    /// Anything but pending.
    pub(crate) fn made_progress(&self) -> bool {
        *self != PollResult::Pending
    }
}

impl fmt::Display for PollResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PollResult::Pending => f.write_str("Pending"),
            PollResult::Item => f.write_str("Ready, an item"),
            PollResult::Ready => f.write_str("Ready"),
            PollResult::WrongOutput => {
                f.write_str("Ready, with an output that is not the expected one")
            }
            PollResult::Panicked(message) => write!(f, "panics: {message}"),
        }
    }
}

/// The number of a waker, in the order in which the wakers of a task are created. Printed as a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WakerId(pub(crate) usize);

impl fmt::Display for WakerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = char::from(b'A' + (self.0 % 26) as u8);
        match self.0 / 26 {
            0 => write!(f, "{letter}"),
            round => write!(f, "{letter}{round}"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    PollBegins {
        number: u32,
        waker: WakerId,
        /// The task had not been woken.
        forced: bool,
    },
    PollEnds {
        number: u32,
        result: PollResult,
    },
    Wake {
        waker: WakerId,
        inside_poll: bool,
        thread: String,
        backtrace: Option<Arc<Backtrace>>,
    },
    EventFired(u32),
    Dropped,
    Comment(String),
}

impl Action {
    pub(crate) fn is_wake(&self) -> bool {
        matches!(self, Action::Wake { .. })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    pub(crate) action: Action,
}

/// Renders a timeline: one line for each entry. The beginning and the end of a poll share a line if
/// nothing happens between them.
pub(crate) fn render(entries: &[Entry]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let began = entries.first().map_or(Duration::ZERO, |entry| entry.at);
    let mut rest = entries.iter().peekable();
    while let Some(Entry { at, action }) = rest.next() {
        let ms = at.saturating_sub(began).as_secs_f64() * 1e3;
        let mut line = format!("{ms:9.2} ms {}", describe(action));
        if let (Action::PollBegins { .. }, Some(Action::PollEnds { result, .. })) =
            (action, rest.peek().map(|next| &next.action))
        {
            let _ = write!(line, " -> {result}");
            rest.next();
        }
        lines.push(line);
    }
    shorten(lines)
}

fn describe(action: &Action) -> String {
    match action {
        Action::PollBegins { number, waker, forced } => {
            format!("|> poll {number}, waker {waker}{}", if *forced { ", not woken" } else { "" })
        }
        Action::PollEnds { number, result } => format!("|  poll {number} -> {result}"),
        Action::Wake { waker, inside_poll: true, .. } => {
            format!("|    * {waker} is woken, by the poll itself")
        }
        Action::Wake { waker, thread, .. } => format!("|    * {waker} is woken, by {thread}"),
        Action::EventFired(number) => format!("|    ! event {number}"),
        Action::Dropped => "|x dropped".to_owned(),
        Action::Comment(comment) => format!("|    . {comment}"),
    }
}

/// Replaces the middle of a long timeline by a count of its lines.
fn shorten(mut lines: Vec<String>) -> Vec<String> {
    const HEAD: usize = 8;
    const TAIL: usize = 8;
    if lines.len() > HEAD + TAIL + 2 {
        let omitted = lines.len() - HEAD - TAIL;
        let gap = format!("{:13}:    {omitted} more lines", "");
        lines.splice(HEAD..HEAD + omitted, [gap]);
    }
    lines
}

/// The frames of a backtrace that belong to the code under test.
pub(crate) fn user_frames(backtrace: &Backtrace) -> Vec<String> {
    const MAX_FRAMES: usize = 6;
    let text = backtrace.to_string();
    let mut frames: Vec<String> = Vec::new();
    let mut is_user_frame = false;
    for line in text.lines().map(str::trim) {
        if let Some(location) = line.strip_prefix("at ") {
            if let (true, Some(frame)) = (is_user_frame, frames.last_mut()) {
                let _ = write!(frame, " at {location}");
            }
            continue;
        }
        let symbol = line.split_once(": ").map_or(line, |(_, symbol)| symbol);
        is_user_frame = is_user_symbol(symbol);
        if is_user_frame {
            frames.push(symbol.to_owned());
        }
    }
    frames.truncate(MAX_FRAMES);
    frames
}

fn is_user_symbol(symbol: &str) -> bool {
    const OTHER_PREFIXES: [&str; 12] = [
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
        "start_thread",
        "clone",
    ];
    !OTHER_PREFIXES.iter().any(|prefix| symbol.starts_with(prefix))
        && !matches!(symbol, "_start" | "main" | "<unknown>")
        && !symbol.contains("libc_start")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64, action: Action) -> Entry {
        Entry { at: Duration::from_millis(ms), action }
    }

    fn poll_1_begins() -> Action {
        Action::PollBegins { number: 1, waker: WakerId(0), forced: false }
    }

    #[test]
    fn the_beginning_and_the_end_of_a_poll_share_a_line() {
        let lines = render(&[
            at(0, poll_1_begins()),
            at(0, Action::PollEnds { number: 1, result: PollResult::Pending }),
            at(5, Action::EventFired(1)),
        ]);
        assert_eq!(
            lines,
            ["     0.00 ms |> poll 1, waker A -> Pending", "     5.00 ms |    ! event 1"]
        );
    }

    #[test]
    fn a_wake_inside_a_poll_is_printed_between_its_beginning_and_its_end() {
        let thread = "main".into();
        let lines = render(&[
            at(0, poll_1_begins()),
            at(0, Action::Wake { waker: WakerId(0), inside_poll: true, thread, backtrace: None }),
            at(1, Action::PollEnds { number: 1, result: PollResult::Pending }),
        ]);
        assert_eq!(lines.len(), 3);
        assert!(lines[1].ends_with("* A is woken, by the poll itself"), "{lines:?}");
    }

    #[test]
    fn a_long_timeline_is_shortened_in_the_middle() {
        let entries: Vec<Entry> = (0..100).map(|n| at(n, Action::EventFired(n as u32))).collect();
        let lines = render(&entries);
        assert_eq!(lines.len(), 17);
        assert!(lines[8].ends_with("84 more lines"), "{lines:?}");
        assert!(lines[16].ends_with("event 99"), "{lines:?}");
    }

    #[test]
    fn a_waker_is_printed_as_a_letter() {
        assert_eq!([0, 1, 25, 26].map(|n| WakerId(n).to_string()), ["A", "B", "Z", "A1"]);
    }
}
