//! Other builds of this program: with the other reactor of dormouse outside tokio, and with what tokio calls
//! unstable.
//!
//! Cargo turns a feature or a cfg on for a whole build, so one program cannot hold them all.

use crate::peer::Build;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where to find the program for each peer.
#[derive(Debug)]
pub(crate) struct Builds {
    own: PathBuf,
    others: Vec<(Build, Result<PathBuf, String>)>,
}

impl Builds {
    /// Builds what `wanted` asks for and this program is not.
    pub(crate) fn new(wanted: &[Build], may_build: bool) -> Builds {
        let own = std::env::current_exe().expect("the path of this program");
        let others = [Build::Plain, Build::Smol, Build::TokioUnstable]
            .into_iter()
            .filter(|build| wanted.contains(build) && !build.is_this())
            .map(|build| (build, other(&own, build, may_build)))
            .collect();
        Builds { own, others }
    }

    pub(crate) fn program(&self, build: Build) -> Result<&Path, String> {
        if build.is_this() {
            return Ok(&self.own);
        }
        match self.others.iter().find(|(other, _)| *other == build) {
            Some((_, Ok(path))) => Ok(path),
            Some((_, Err(why))) => Err(why.clone()),
            None => Err("not built".into()),
        }
    }
}

/// The name of its folder, and what it is.
fn describe(build: Build) -> (&'static str, &'static str) {
    match build {
        Build::Any | Build::Plain => ("plain", "dormouse's builtin reactor"),
        Build::Smol => ("smol", "dormouse's async-io reactor"),
        Build::TokioUnstable => ("tokio-unstable", "--cfg tokio_unstable"),
    }
}

fn other(own: &Path, build: Build, may_build: bool) -> Result<PathBuf, String> {
    let (name, what) = describe(build);
    let profile = own.parent().ok_or("this program has no folder")?;
    let target = profile.parent().ok_or("no target folder")?.join("bench").join(name);
    let built = target.join("release/dormouse-bench");
    let cargo = std::env::var_os("CARGO").filter(|_| may_build);
    let Some(cargo) = cargo else {
        let how = format!("needs another build, with {what}: start the bench by `cargo run`");
        return if built.exists() { Ok(built) } else { Err(how) };
    };
    eprintln!("building the bench with {what}, into {}", target.display());
    let mut command = Command::new(cargo);
    // Without the default peers, which this program has itself: they take long to build.
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
    // What cargo told this program about its own build is not for the next one.
    let inherited: HashMap<_, _> = std::env::vars_os().collect();
    for key in inherited.keys().filter_map(|key| key.to_str()) {
        if key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_") {
            command.env_remove(key);
        }
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(built),
        Ok(status) => Err(format!("cargo build: {status}")),
        Err(err) => Err(format!("cargo build: {err}")),
    }
}

/// To those that the user has set, in the variable that cargo prefers.
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
