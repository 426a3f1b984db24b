//! Each executor measures each kind of socket. The numbers are not checked.

use std::process::Command;

#[test]
fn every_executor_measures_every_kind_of_socket() {
    for executor in ["tokio-ct", "tokio-mt", "smol", "block_on", "futures"] {
        for peer in ["tokio-tcp", "async-io-tcp", "dormouse:none"] {
            let request =
                format!(r#"{{"peer": "{peer}", "case": {{"variant": "{executor}", "ms": 1}}}}"#);
            let mut command = Command::new(env!("CARGO_BIN_EXE_dormouse-combination"));
            let output = command.args(["--child", &request]).output().unwrap();
            let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let values = &outcome["Ok"]["values"];
            for metric in ["wall ns", "cpu ns"] {
                assert!(
                    values[metric][0].as_f64().is_some_and(|ns| ns > 0.0),
                    "{executor}: {outcome}"
                );
            }
        }
    }
}
