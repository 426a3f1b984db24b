//! How a parent and its child exchange a job and a finding: as lines of text.

use super::{Job, Place, Verdict};
use crate::finding::Finding;
use crate::kind::Kind;
use std::time::Duration;

/// A job, its place, and the results of the checks before it.
pub(super) fn encode_job(place: &Place, job: &Job, earlier: &[Verdict]) -> String {
    let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let verdict = |verdict: &Verdict| {
        let one = |(kind, note): &(Kind, bool)| {
            format!("{}{}", kind.name(), if *note { "?" } else { "!" })
        };
        verdict.iter().map(one).collect::<Vec<_>>().join(",")
    };
    format!(
        "{}|{}|{}|{}|{}|{}",
        nanos(job.max_ready_time),
        nanos(job.min_ready_time),
        nanos(job.remaining),
        job.probe,
        earlier.iter().map(|one| verdict(one) + ";").collect::<String>(),
        place.thread.as_deref().unwrap_or_default()
    )
}

/// `None` if the text is no job.
pub(super) fn decode_job(text: &str) -> Option<(Place, Job, Vec<Verdict>)> {
    let mut parts = text.splitn(6, '|');
    let mut duration = || parts.next()?.parse().ok().map(Duration::from_nanos);
    let (max_ready_time, min_ready_time, remaining) = (duration()?, duration()?, duration()?);
    let probe = parts.next()?.to_owned();
    let earlier: Vec<Verdict> = parts.next()?.split_terminator(';').map(decode_verdict).collect();
    let place = Place { thread: Some(parts.next()?.to_owned()), number: earlier.len() };
    Some((place, Job { probe, max_ready_time, min_ready_time, remaining }, earlier))
}

fn decode_verdict(text: &str) -> Verdict {
    let one = |text: &str| {
        let name = text.trim_end_matches(['?', '!']);
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
        Some((kind, text.ends_with('?')))
    };
    text.split(',').filter_map(one).collect()
}

/// One line for each field and for each element of a list: a letter, and the text.
pub(super) fn encode_finding(finding: &Finding) -> Vec<String> {
    let line = |letter: char, text: &str| {
        format!("{letter}{}", text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r"))
    };
    let mut lines = vec![line('h', &finding.headline)];
    lines.extend(finding.poll.map(|poll| line('p', &poll.to_string())));
    lines.extend(finding.details.iter().map(|text| line('d', text)));
    lines.extend(finding.timeline.iter().map(|text| line('t', text)));
    lines.extend(finding.culprit.iter().map(|text| line('c', text)));
    lines
}

/// `None` if there are no lines: the child has found nothing.
pub(super) fn decode_finding(kind: Kind, lines: &[String]) -> Option<Finding> {
    let mut finding = Finding::new(kind, "");
    for line in lines {
        let mut characters = line.chars();
        let letter = characters.next();
        let text = unescape(characters.as_str());
        match letter {
            Some('h') => finding.headline = text,
            Some('p') => finding.poll = text.parse().ok(),
            Some('d') => finding.details.push(text),
            Some('t') => finding.timeline.push(text),
            Some('c') => finding.culprit.push(text),
            _ => {}
        }
    }
    (!lines.is_empty()).then_some(finding)
}

fn unescape(text: &str) -> String {
    let (mut result, mut characters) = (String::new(), text.chars());
    while let Some(character) = characters.next() {
        result.push(match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            (other, false) => other,
        });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_arrives_as_it_was_sent() {
        let place = Place { thread: Some("module::a_test".into()), number: 3 };
        let job = Job {
            probe: "panicking waker".into(),
            max_ready_time: Duration::from_micros(2500),
            min_ready_time: Duration::from_micros(2100),
            remaining: Duration::from_secs(9),
        };
        let stale = vec![(Kind::StaleWaker, false), (Kind::AfterReady, true)];
        let earlier = vec![vec![], stale, vec![(Kind::LeakPerPoll, false)]];
        let text = encode_job(&place, &job, &earlier);
        assert_eq!(decode_job(&text), Some((place, job, earlier)));
        assert_eq!(decode_job("1|x"), None);
    }

    #[test]
    fn a_finding_arrives_as_it_was_sent() {
        let finding = Finding::new(Kind::BrokenByPanic, "it panics: C:\\new\nline")
            .at_poll(2)
            .with_detail("one")
            .with_detail("two\\n");
        let lines = encode_finding(&finding);
        assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
        let arrived = decode_finding(Kind::BrokenByPanic, &lines);
        assert_eq!(format!("{arrived:?}"), format!("{:?}", Some(finding)));
        assert!(decode_finding(Kind::BrokenByPanic, &[]).is_none());
    }
}
