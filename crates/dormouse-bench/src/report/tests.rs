//! Tests of the page: it is complete, and well-formed XML after its doctype.

use super::page::page;
use crate::case::Case;
use crate::summary::{CaseReport, Metric, PeerReport, Report};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

fn case(workload: &str, n: u64, metrics: &[&str], lateness: &[(u64, u64)]) -> CaseReport {
    let peer = |(peer, scale): (&'static str, f64)| PeerReport {
        peer,
        skipped: None,
        metrics: metrics
            .iter()
            .map(|name| {
                let median = scale * (1000 + n / 100) as f64;
                let ratio = Some(scale);
                (name.to_string(), Metric { median, p10: median, p90: median * 2.0, ratio })
            })
            .collect(),
        lateness: lateness.into(),
    };
    let mut peers: Vec<_> = [("tokio-ct", 1.0), ("dormouse-tokio", 0.5)].map(peer).into();
    let skipped = Some("is <slow> & \"old\"".into());
    let (metrics, lateness) = (BTreeMap::new(), Vec::new());
    peers.push(PeerReport { peer: "thread", skipped, metrics, lateness });
    let label = format!("{n} & more");
    let case = Case { workload: workload.into(), label, n, threads: 1, ..Case::default() };
    CaseReport { case, peers }
}

fn report() -> Report {
    let late = [(900, 1), (5_000, 90), (80_000, 9)];
    Report {
        version: "1.2.3",
        machine: "A machine, 2 cores".into(),
        unix_time: 951_782_400,
        size: "quick".into(),
        cases: vec![
            case("w1", 0, &["wall ns", "cpu ns"], &[]),
            case("w1", 1_000, &["wall ns", "cpu ns"], &[]),
            case("w1", 100_000, &["wall ns", "cpu ns"], &[]),
            case("w2", 1, &["wall ns"], &[]),
            case("w3", 1_000, &["cpu ns"], &late),
            case("w3", 100_000, &["cpu ns"], &late),
            case("w4", 0, &["late us"], &late),
            case("w5", 1_000, &["bytes"], &[]),
            case("w6", 1_000, &["wake-ups"], &[]),
            case("w11", 1, &["wall ns", "cpu ns"], &[]),
            case("w11", 32, &["requests/s", "cpu ns"], &[]),
        ],
    }
}

#[test]
fn the_page_has_its_parts() {
    let page = page(&report()).unwrap();
    for part in ["A machine, 2 cores", "2000-02-29", "1.2.3", "is &lt;slow&gt; &amp;", ">\nnone\n<"]
    {
        assert!(page.contains(part), "no {part:?}");
    }
    let command =
        "cargo run --release -p dormouse-bench -- --quick w1 w2 w3 w4 w5 w6 w11 --peer tokio-ct";
    assert!(page.contains(command), "no {command}");
    let figures = [("w1", 2), ("w2", 1), ("w3", 3), ("w4", 1), ("w5", 1), ("w6", 0), ("w11", 2)];
    for (workload, figures) in figures {
        let (_, section) = page.split_once(&format!("<section id=\"{workload}\">")).unwrap();
        let (section, _) = section.split_once("</section>").unwrap();
        assert_eq!(section.matches("<figure>").count(), figures, "figures of {workload}");
        assert_eq!(section.matches("<table>").count(), 1, "tables of {workload}");
        let dormouse = section.matches("<tr class=\"ours\">").count();
        let cases = report().cases.iter().filter(|case| case.case.workload == workload).count();
        assert_eq!(dormouse, cases, "dormouse rows of {workload}");
    }
}

#[test]
fn plots_take_their_colours_from_the_page() {
    let page = page(&report()).unwrap();
    let (_, body) = page.split_once("<body>").unwrap();
    assert!(!body.contains("=\"#0"), "a key colour was not replaced");
    assert!(body.contains("fill=\"currentColor\""));
}

#[test]
fn the_page_is_well_formed() {
    let page = page(&report()).unwrap();
    let (_, page) = page.split_once('\n').unwrap();
    let mut reader = Reader::from_str(page);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                for attribute in tag.attributes() {
                    attribute.expect("a unique, quoted attribute");
                }
            }
            Ok(_) => {}
            Err(err) => panic!("at {}: {err}", reader.error_position()),
        }
    }
}
