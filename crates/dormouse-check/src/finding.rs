//! One finding, with everything that helps to understand it.

use crate::json::Json;
use crate::kind::Kind;
use crate::timeline::{self, Action, Entry};
use std::fmt;

/// A way in which the future breaks the contract, with a reproduction.
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
    /// Replaces the texts of its kind.
    pub(crate) texts: Option<&'static FindingTexts>,
}

/// What the contract says about a finding, and how to fix it.
#[derive(Debug)]
pub(crate) struct FindingTexts {
    pub(crate) contract: &'static str,
    pub(crate) mend: &'static str,
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
            texts: None,
        }
    }

    /// With other texts than those of its kind.
    pub(crate) fn with_texts(mut self, texts: &'static FindingTexts) -> Finding {
        self.texts = Some(texts);
        self
    }

    fn contract(&self) -> &'static str {
        self.texts.map_or_else(|| self.kind.contract(), |texts| texts.contract)
    }

    fn mend(&self) -> &'static str {
        self.texts.map_or_else(|| self.kind.mend(), |texts| texts.mend)
    }

    /// A note by default, although other findings of its kind are failures.
    pub(crate) fn into_note(mut self) -> Finding {
        self.note = true;
        self
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Finding {
        self.details.push(detail.into());
        self
    }

    /// Adds the timeline. The poll to look at is the last one that was not forced, unless another
    /// is set.
    pub(crate) fn with_log(mut self, log: &[Entry]) -> Finding {
        self.timeline = timeline::render(log);
        if self.poll.is_none() {
            self.poll = log.iter().rev().find_map(|entry| match entry.action {
                // A forced poll is not the cause: it only shows that the task was stuck.
                Action::PollBegins { number, forced: false, .. } => Some(number),
                _ => None,
            });
        }
        self
    }

    pub(crate) fn at_poll(mut self, poll: u32) -> Finding {
        self.poll = Some(poll);
        self
    }

    /// Adds the backtrace of the last wake-up in the log for which `is_culprit` is true.
    pub(crate) fn with_culprit(
        mut self,
        log: &[Entry],
        is_culprit: impl Fn(&Action) -> bool,
    ) -> Finding {
        let backtrace = log.iter().rev().find_map(|entry| match &entry.action {
            wake @ Action::Wake { backtrace: Some(backtrace), .. } if is_culprit(wake) => {
                Some(backtrace)
            }
            _ => None,
        });
        if let Some(backtrace) = backtrace {
            self.culprit = timeline::user_frames(backtrace);
        }
        self
    }

    /// How the future breaks the contract.
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

    /// The number of the poll to look at, counted from 1 in the timeline.
    pub fn poll(&self) -> Option<u32> {
        self.poll
    }

    /// Further observations.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// The polls and wake-ups that lead to it, one line each.
    pub fn timeline(&self) -> &[String] {
        &self.timeline
    }

    /// The origin of the wake-up that causes the finding: the frames of its backtrace that belong neither to std nor
    /// to the checker.
    pub fn culprit(&self) -> &[String] {
        &self.culprit
    }

    pub(crate) fn to_json(&self) -> Json {
        Json::object([
            ("kind", Json::string(self.kind.name())),
            ("note", Json::bool(self.note)),
            ("headline", Json::string(&self.headline)),
            ("poll", self.poll.map_or(Json::null(), Json::number)),
            ("details", Json::strings(&self.details)),
            ("timeline", Json::strings(&self.timeline)),
            ("culprit", Json::strings(&self.culprit)),
            ("contract", Json::string(self.contract())),
            ("mend", Json::string(self.mend())),
        ])
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
        for (title, text) in [("contract", self.contract()), ("fix", self.mend())] {
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
    fn line_breaks_lose_no_word() {
        let text = "a future that returns Pending is woken once it can make progress";
        let lines = wrap(text, 20);
        assert!(lines.iter().all(|line| line.chars().count() <= 20), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }
}
