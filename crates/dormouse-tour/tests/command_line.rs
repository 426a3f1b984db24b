//! The arguments and exit codes of the tour.

use serde_json::Value;
use std::process::{Command, Output};

fn tour(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dormouse-tour"))
        .args(args)
        .output()
        .expect("the tour can be started")
}

#[test]
fn help_prints_the_usage() {
    let output = tour(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: dormouse-tour"));
}

#[test]
fn an_unknown_argument_is_named_in_the_error() {
    let wrong: [(&[&str], &str); 5] = [
        (&["--fast"], "unknown argument: \"--fast\""),
        (&["json"], "unknown argument: \"json\""),
        (&["--format", "xml"], "no such format: \"xml\""),
        (&["--format"], "--format needs a value"),
        (&["--row", "glommio"], "no such executor: \"glommio\""),
    ];
    for (args, message) in wrong {
        let output = tour(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr.contains(message), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_broken_promise_is_exit_code_1() {
    // With seconds of 0 ms no row can pass: the join must take less than 0 ms.
    let output = tour(&["--second", "0", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));

    let rows: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let rows = rows.as_array().expect("it is an array");
    assert_eq!(rows.len(), 14);
    assert!(rows.iter().all(|row| row["ok"] == false), "{rows:?}");
    // No progress lines where there is no terminal.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
