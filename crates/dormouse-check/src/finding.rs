//! One thing that was found, with all that helps to understand it.

use crate::kind::Kind;
use crate::timeline::{self, Entry, What};
use std::fmt;

/// Something that was found, with a reproduction.
///
/// ```
/// use dormouse_check::{Kind, check};
/// use std::{future::poll_fn, task::Poll, time::{Duration, Instant}};
///
/// let report = check(|| {
///     let deadline = Instant::now() + Duration::from_millis(10);
///     poll_fn(move |context| {
///         if Instant::now() >= deadline {
///             return Poll::Ready(());
///         }
///         context.waker().wake_by_ref();
///         Poll::Pending
///     })
/// })
/// .run();
/// let busy = &report.findings()[0];
/// assert_eq!(busy.kind(), Kind::BusyWake);
/// assert!(busy.headline().contains("wakes itself"));
/// assert!(!busy.timeline().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Finding {
    pub(crate) kind: Kind,
    pub(crate) note: bool,
    pub(crate) headline: String,
    pub(crate) poll: Option<u32>,
    pub(crate) details: Vec<String>,
    pub(crate) timeline: Vec<String>,
    pub(crate) culprit: Vec<String>,
}

impl Finding {
    pub(crate) fn new(kind: Kind, headline: impl Into<String>) -> Finding {
        Finding {
            kind,
            note: kind.is_note(),
            headline: headline.into(),
            poll: None,
            details: Vec::new(),
            timeline: Vec::new(),
            culprit: Vec::new(),
        }
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Finding {
        self.details.push(detail.into());
        self
    }

    /// What led to it. The last poll in it is the one to look at, unless another has been named.
    pub(crate) fn log(mut self, log: &[Entry]) -> Finding {
        self.timeline = timeline::draw(log);
        if self.poll.is_none() {
            self.poll = log.iter().rev().find_map(|entry| match entry.what {
                // A forced poll only shows that it was stuck.
                What::PollBegins { number, forced: false, .. } => Some(number),
                _ => None,
            });
        }
        self
    }

    pub(crate) fn at_poll(mut self, poll: u32) -> Finding {
        self.poll = Some(poll);
        self
    }

    /// The backtrace of the wake-up that is to blame: the last one in the log that `is_culprit`.
    pub(crate) fn blame(mut self, log: &[Entry], is_culprit: impl Fn(&What) -> bool) -> Finding {
        let trace = log.iter().rev().find_map(|entry| match &entry.what {
            what @ What::Wake { trace: Some(trace), .. } if is_culprit(what) => Some(trace),
            _ => None,
        });
        if let Some(trace) = trace {
            self.culprit = timeline::frames(trace);
        }
        self
    }

    /// The way in which the contract is broken.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is only a note, which does not make [`Report::assert`](crate::Report::assert) fail.
    pub fn is_note(&self) -> bool {
        self.note
    }

    /// What was seen, in one line.
    pub fn headline(&self) -> &str {
        &self.headline
    }

    /// The poll to look at, counted from 1 in the time line, where there is one.
    pub fn poll(&self) -> Option<u32> {
        self.poll
    }

    /// What else is known about it.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// The polls and wakes that lead to it, one line each.
    pub fn timeline(&self) -> &[String] {
        &self.timeline
    }

    /// Where the wake-up came from that is to blame: the frames of its backtrace, as far as they belong to
    /// neither std nor the checker.
    pub fn culprit(&self) -> &[String] {
        &self.culprit
    }
}

/// Breaks a text into lines of at most `width` characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.note { "note" } else { "FAIL" };
        writeln!(f, "{level}  {}: {}", self.kind, self.headline)?;
        if let (Some(poll), false) = (self.poll, self.timeline.is_empty()) {
            writeln!(f, "      at poll {poll} of")?;
        }
        for line in &self.timeline {
            writeln!(f, "      {line}")?;
        }
        for detail in &self.details {
            for (number, line) in wrap(detail, 94).iter().enumerate() {
                let lead = if number == 0 { "- " } else { "  " };
                writeln!(f, "      {lead}{line}")?;
            }
        }
        if !self.culprit.is_empty() {
            writeln!(f, "      that wake-up came from")?;
            for frame in &self.culprit {
                writeln!(f, "        {frame}")?;
            }
        }
        if self.note {
            return Ok(());
        }
        for (title, text) in [("contract", self.kind.contract()), ("mend it", self.kind.mend())] {
            for (number, line) in wrap(text, 86).iter().enumerate() {
                let lead = if number == 0 { title } else { "" };
                writeln!(f, "      {lead:<9} {line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_lost_where_lines_are_broken() {
        let text = "a future that returns Pending is woken once it can make progress";
        let lines = wrap(text, 20);
        assert!(lines.iter().all(|line| line.chars().count() <= 20), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }
}
