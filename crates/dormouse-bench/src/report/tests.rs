//! Tests of the page and of the plots that stand alone: they are complete and well-formed XML, after the doctype.

use super::opening::files;
use super::page::page;
use crate::case::{Case, Size};
use crate::registry::ALL;
use crate::summary::{CaseReport, Metric, PeerReport, Report};
use crate::workload;
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
        version: "1.2.3".into(),
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

/// What a complete run would measure.
fn complete() -> Report {
    let names = ["wall ns", "cpu ns", "late us", "overrun ms", "bytes", "wake-ups"];
    let peer = |(i, peer): (usize, &'static str)| {
        let median = (i + 1) as f64;
        let metric = Metric { median, p10: median, p90: median, ratio: Some(median / 10.0) };
        let metrics = names.map(|name| (name.to_string(), metric)).into();
        PeerReport { peer, skipped: None, metrics, lateness: Vec::new() }
    };
    let case = |case: Case| {
        let of_workload = ALL.iter().filter(|entry| entry.runs(&case.workload));
        let peers = of_workload.map(|entry| entry.name).enumerate().map(peer).collect();
        CaseReport { case, peers }
    };
    let cases = workload::cases(Size::Full).into_iter().map(case).collect();
    Report { size: "full".into(), cases, ..report() }
}

#[test]
fn the_page_opens_with_a_picture_and_ten_rows() {
    let page = page(&complete()).unwrap();
    let (_, opening) = page.split_once("<section id=\"summary\">").unwrap();
    let (opening, _) = opening.split_once("<nav>").unwrap();
    assert_eq!(opening.matches("<figure>").count(), 1);
    assert_eq!(opening.matches("<tr><th scope=\"row\">").count(), 10);
    // The reactor of async-io has no tasks, and peers of one thread have no row of tasks.
    assert_eq!(opening.matches('–').count(), 2, "{opening}");
    for text in ["100 k pending", "a sleep of 1 ms", "TCP round trip", "<small>tokio-mt</small>"] {
        assert!(opening.contains(text), "no {text:?}");
    }
}

#[test]
fn a_page_of_other_workloads_has_no_summary() {
    let only = |report: Report| {
        let cases = report.cases.into_iter().filter(|case| case.case.workload == "w9").collect();
        Report { cases, ..complete() }
    };
    let report = only(complete());
    assert!(!page(&report).unwrap().contains("id=\"summary\""));
    assert!(files(&report).unwrap().is_empty());
}

#[test]
fn each_plot_stands_alone() {
    let files = files(&complete()).unwrap();
    let (plots, links): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(name, _)| name.ends_with(".svg"));
    assert_eq!(plots.len(), 3);
    for (name, svg) in &plots {
        check_xml(svg);
        assert!(svg.len() < 15_000, "{name} has {} bytes", svg.len());
        for part in [
            "aria-label=\"",
            "<title>",
            "A machine, 2 cores",
            "prefers-color-scheme:dark",
            "width=\"",
        ] {
            assert!(svg.contains(part), "{name} has no {part}");
        }
        for part in ["#0100", "#000000", "#FFFFFF", "var(", "currentColor", "<script", "url("] {
            assert!(!svg.contains(part), "{name} contains {part}");
        }
        assert_eq!(svg.matches("http").count(), 1, "{name} refers to more than the namespace");
        assert!(svg.matches("class=\"f-blue\"").count() >= 9, "dormouse has no bars in {name}");
    }
    let [(_, link)] = &links[..] else { panic!("{} links", links.len()) };
    let url = link.strip_prefix("[benchmarks]: data:image/svg+xml,").unwrap().trim_end();
    assert!(url.is_ascii() && !url.contains([' ', '<', '>', '(', ')', '"', '#', '\n']), "{url}");
}

#[test]
fn the_page_is_well_formed() {
    for report in [report(), complete()] {
        let page = page(&report).unwrap();
        check_xml(page.split_once('\n').unwrap().1);
    }
}

fn check_xml(text: &str) {
    let mut reader = Reader::from_str(text);
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
