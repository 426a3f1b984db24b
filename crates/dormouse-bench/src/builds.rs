//! Finds or makes other builds of this program: with dormouse's other reactor outside tokio, and with
//! `--cfg tokio_unstable`.
//!
//! Cargo enables a feature or a cfg for a whole build, so one program cannot contain all peers.

use crate::registry::Build;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The path of the program for each build.
#[derive(Debug)]
pub(crate) struct Builds {
    this_program: PathBuf,
    others: Vec<(Build, Result<PathBuf, String>)>,
}

impl Builds {
    /// Prepares each build in `needed` that this program is not.
    pub(crate) fn new(needed: &[Build], may_build: bool) -> Builds {
        let this_program = std::env::current_exe().expect("the path of this program");
        let others = [Build::Plain, Build::Smol, Build::TokioUnstable]
            .into_iter()
            .filter(|build| needed.contains(build) && !build.is_this())
            .map(|build| (build, find_or_build(&this_program, build, may_build)))
            .collect();
        Builds { this_program, others }
    }

    pub(crate) fn program(&self, build: Build) -> Result<&Path, String> {
        if build.is_this() {
            return Ok(&self.this_program);
        }
        match self.others.iter().find(|(other, _)| *other == build) {
            Some((_, Ok(path))) => Ok(path),
            Some((_, Err(reason))) => Err(reason.clone()),
            None => Err("not built".into()),
        }
    }
}

/// The name of the build's folder, and a description.
fn describe(build: Build) -> (&'static str, &'static str) {
    match build {
        Build::Any | Build::Plain => ("plain", "dormouse's builtin reactor"),
        Build::Smol => ("smol", "dormouse's async-io reactor"),
        Build::TokioUnstable => ("tokio-unstable", "--cfg tokio_unstable"),
    }
}

fn find_or_build(this_program: &Path, build: Build, may_build: bool) -> Result<PathBuf, String> {
    let (name, description) = describe(build);
    let profile = this_program.parent().ok_or("this program has no folder")?;
    let target = profile.parent().ok_or("no target folder")?.join("bench").join(name);
    let program = target.join("release/dormouse-bench");
    let cargo = std::env::var_os("CARGO").filter(|_| may_build);
    let Some(cargo) = cargo else {
        let reason = format!("needs a build with {description}: start the bench with `cargo run`");
        return if program.exists() { Ok(program) } else { Err(reason) };
    };
    eprintln!("building the bench with {description}, into {}", target.display());
    let mut command = Command::new(cargo);
    // Without the default peers: this program has them, and they take long to build.
    command.args([
        "build",
        "--quiet",
        "--release",
        "-p",
        "dormouse-bench",
        "--no-default-features",
    ]);
    match build {
        Build::Smol => _ = command.args(["--features", "smol"]),
        Build::TokioUnstable => add_rustflags(&mut command, &["--cfg", "tokio_unstable"]),
        Build::Any | Build::Plain => {}
    }
    command.arg("--target-dir").arg(&target).current_dir(env!("CARGO_MANIFEST_DIR"));
    // These describe the build of this program, not of the next one.
    let inherited: HashMap<_, _> = std::env::vars_os().collect();
    for key in inherited.keys().filter_map(|key| key.to_str()) {
        if key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_") {
            command.env_remove(key);
        }
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(program),
        Ok(status) => Err(format!("cargo build: {status}")),
        Err(err) => Err(format!("cargo build: {err}")),
    }
}

/// Appends to the flags that the user has set, in the variable that cargo prefers.
fn add_rustflags(command: &mut Command, flags: &[&str]) {
    let encoded = "CARGO_ENCODED_RUSTFLAGS";
    let (key, separator) =
        if std::env::var_os(encoded).is_some() { (encoded, "\x1f") } else { ("RUSTFLAGS", " ") };
    let mut all = std::env::var(key).unwrap_or_default();
    for flag in flags {
        if !all.is_empty() {
            all.push_str(separator);
        }
        all.push_str(flag);
    }
    command.env(key, all);
}
