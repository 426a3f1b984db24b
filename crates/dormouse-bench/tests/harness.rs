//! The bench runs and prints complete results. Tests do not check the numbers: the sizes are too small for that.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

fn bench(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dormouse-bench"));
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let report = format!("{}/{run}.html", env!("CARGO_TARGET_TMPDIR"));
    let output = command.args(args).args(["--report", &report]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read_to_string(report).unwrap().ends_with("</html>\n"));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_workload_measures_the_reference_and_dormouse() {
    let peers = ["--peer", "tokio-mt", "--peer", "dormouse-tokio", "--peer", "nanosleep"];
    let text = bench(&[&["--tiny", "--no-build", "--format", "json"][..], &peers].concat());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = report["cases"].as_array().unwrap();
    for workload in ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"] {
        let mut found = cases.iter().filter(|case| case["case"]["workload"] == workload).peekable();
        assert!(found.peek().is_some(), "no case of {workload}");
        for case in found {
            for peer in case["peers"].as_array().unwrap() {
                // An executor that runs tasks on several threads skips the case with two executors.
                let skips = case["case"]["variant"] == "each" && peer["peer"] == "tokio-mt";
                assert_eq!(peer["skipped"].is_string(), skips, "{peer}");
                for (name, metric) in peer["metrics"].as_object().unwrap() {
                    assert!(metric["median"].as_f64().unwrap() >= 0.0, "{name} of {peer}");
                }
            }
        }
    }
}

#[test]
fn every_combination_is_measured_or_needs_a_build() {
    let text = bench(&["--tiny", "--no-build", "--format", "json", "w9"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for peer in cases.iter().flat_map(|case| case["peers"].as_array().unwrap()) {
        match peer["skipped"].as_str() {
            Some(reason) => assert!(reason.starts_with("needs a build"), "{peer}"),
            None => assert!(peer["metrics"]["wall ns"]["ratio"].as_f64().unwrap() > 0.0, "{peer}"),
        }
    }
}

#[test]
fn every_executor_spawns_tasks_and_blocking_work() {
    let text = bench(&["--tiny", "--no-build", "--format", "json", "w10"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let peers = case["peers"].as_array().unwrap();
        assert_eq!(peers.len(), 4);
        for peer in peers {
            assert!(peer["metrics"]["wall ns"]["ratio"].as_f64().unwrap() > 0.0, "{peer}");
        }
    }
}

#[test]
fn every_library_opens_and_uses_sockets() {
    let text = bench(&["--tiny", "--no-build", "--format", "json", "w11"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let metric = if case["case"]["n"] == 1 { "wall ns" } else { "requests/s" };
        let peers = case["peers"].as_array().unwrap();
        let measured = peers.iter().filter(|peer| peer["skipped"].is_null());
        // Those without another build or a feature of this one: dormouse, tokio and async-io.
        assert!(measured.clone().count() >= 8, "{case}");
        for peer in measured {
            assert!(peer["metrics"][metric]["ratio"].as_f64().unwrap() > 0.0, "{peer}");
            assert!(peer["metrics"]["cpu ns"]["ratio"].as_f64().unwrap() > 0.0, "{peer}");
        }
    }
}

#[test]
fn a_table_has_a_row_for_each_selected_peer_and_the_reason_for_each_skipped_one() {
    let text = bench(&["--tiny", "--no-build", "w2", "--peer", "thread", "--peer", "async-io"]);
    assert!(text.contains("W2: reset"), "{text}");
    assert!(text.contains("\n   async-io "), "{text}");
    assert!(text.contains("skipped thread: has no reset"), "{text}");
    assert!(!text.contains("futures-timer"), "{text}");
}

#[test]
fn thread_per_core_peers_measure_each_case_or_give_a_reason() {
    let peers = ["--peer", "monoio", "--peer", "glommio", "--peer", "compio", "--peer", "zruntime"];
    let text = bench(&[&["--tiny", "--no-build", "--format", "json"][..], &peers].concat());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    for case in report["cases"].as_array().unwrap() {
        for peer in case["peers"].as_array().unwrap() {
            // The kernel may forbid io_uring, and a peer may not be built in. Then there is a reason.
            match peer["skipped"].as_str() {
                Some(reason) => {
                    assert!(!reason.is_empty() && !reason.contains("did not end"), "{peer}")
                }
                None => assert!(!peer["metrics"].as_object().unwrap().is_empty(), "{peer}"),
            }
        }
    }
}

#[test]
fn results_in_json_are_rendered_without_a_further_measurement() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let peers = ["--peer", "dormouse-tokio", "--peer", "futures-timer"];
    let args = ["--tiny", "--no-build", "--format", "json", "w1", "w4"];
    let json = bench(&[&args[..], &peers].concat());
    let (results, plots) = (format!("{folder}/results.json"), format!("{folder}/plots"));
    std::fs::write(&results, &json).unwrap();

    // The last digit of a number may change.
    let again = bench(&["--from", &results, "--format", "json"]);
    assert_eq!(again.lines().count(), json.lines().count());
    let text = bench(&["--from", &results, "--format", "markdown", "--plots", &plots]);
    for part in ["## README", "## Summary", "## All results", "\n| **dormouse-tokio** | "] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(text.contains("\n| a sleep of 1 ms: median lateness | "), "{text}");
    let svg = std::fs::read_to_string(format!("{plots}/benchmarks.svg")).unwrap();
    assert!(svg.ends_with("</svg>\n"), "{svg}");
}
