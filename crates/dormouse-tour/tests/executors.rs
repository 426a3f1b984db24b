//! The rows of the tour as tests, with seconds of 100 ms. They check only what holds on a loaded machine.

use serde_json::Value;
use std::process::Command;

/// Runs one row in its own process, as the tour does. Returns the names of the threads that were added.
fn keeps_its_promises(executor: &str, reactor: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_dormouse-tour"))
        .args(["--row", executor, "--second", "100"])
        .output()
        .expect("the tour can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    assert_eq!(stderr, "");

    let row: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let join_ms = row["join_ms"].as_u64().expect("it is a number");
    assert!(join_ms >= 300, "early: {row}");
    assert_eq!(row["bar_first"], true, "sequential: {row}");
    assert_eq!(row["select_ok"], true, "{row}");
    assert_eq!(row["fd_ok"], true, "{row}");
    assert_eq!(row["early"], 0, "{row}");
    assert_eq!(row["polls"], 2, "{row}");
    assert_eq!(row["reactor"], reactor, "{row}");

    let threads = row["threads_added"].as_array().expect("they are listed").clone();
    let allowed = if reactor == "tokio" { 0 } else { 1 };
    assert!(threads.len() <= allowed, "{row}");
    let thread = if reactor == "builtin" { "dormouse" } else { reactor };
    assert!(threads.iter().all(|name| name == thread), "{row}");
    threads
}

#[test]
fn tokio_multi_thread_is_served_by_its_own_reactor() {
    keeps_its_promises("tokio multi_thread", "tokio");
}

#[test]
fn tokio_current_thread_is_served_by_its_own_reactor() {
    keeps_its_promises("tokio current_thread", "tokio");
}

#[test]
fn a_tokio_local_set_is_served_by_its_own_reactor() {
    keeps_its_promises("tokio LocalSet", "tokio");
}

#[test]
fn tokio_without_io_is_served_by_async_io() {
    keeps_its_promises("tokio without I/O", "async-io");
}

#[test]
fn smol_is_served_by_async_io() {
    keeps_its_promises("smol", "async-io");
}

#[test]
fn async_std_is_served_by_async_io() {
    keeps_its_promises("async-std", "async-io");
}

#[test]
fn async_executor_is_served_by_async_io() {
    keeps_its_promises("async-executor", "async-io");
}

#[test]
fn futures_block_on_is_served_by_async_io() {
    keeps_its_promises("futures block_on", "async-io");
}

#[test]
fn a_futures_local_pool_is_served_by_async_io() {
    keeps_its_promises("futures LocalPool", "async-io");
}

#[test]
fn a_futures_thread_pool_is_served_by_async_io() {
    keeps_its_promises("futures ThreadPool", "async-io");
}

#[test]
fn pollster_is_served_by_async_io() {
    keeps_its_promises("pollster", "async-io");
}

#[test]
fn a_block_on_with_nothing_but_std_is_served_by_async_io() {
    keeps_its_promises("std only", "async-io");
}

#[test]
fn dormouse_block_on_is_served_by_the_builtin_reactor() {
    let threads = keeps_its_promises("dormouse::block_on", "builtin");
    // The thread of the `block_on` polls the reactor. Without timerfds, another thread does.
    let one_thread =
        cfg!(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)));
    assert!(threads.is_empty() || !one_thread, "{threads:?}");
}

#[test]
fn tasks_in_dormouse_block_on_are_served_by_the_builtin_reactor() {
    keeps_its_promises("dormouse + async-executor", "builtin");
}
