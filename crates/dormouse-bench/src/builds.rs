//! The second build of this program, with the other reactor of dormouse outside tokio.
//!
//! Cargo turns a feature on for a whole build, so one program cannot hold both.

use crate::peer::{self, Build};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where to find the program for each peer.
#[derive(Debug)]
pub(crate) struct Builds {
    own: PathBuf,
    other: Option<Result<PathBuf, String>>,
}

impl Builds {
    /// Builds what `wanted` asks for and this program is not.
    pub(crate) fn new(wanted: &[Build], may_build: bool) -> Builds {
        let own = std::env::current_exe().expect("the path of this program");
        let missing = [Build::Plain, Build::Smol]
            .into_iter()
            .find(|build| wanted.contains(build) && *build != peer::build());
        let other = missing.map(|build| other(&own, build, may_build));
        Builds { own, other }
    }

    pub(crate) fn program(&self, build: Build) -> Result<&Path, String> {
        if build == Build::Any || build == peer::build() {
            return Ok(&self.own);
        }
        match &self.other {
            Some(Ok(path)) => Ok(path),
            Some(Err(why)) => Err(why.clone()),
            None => Err("not built".into()),
        }
    }
}

fn other(own: &Path, build: Build, may_build: bool) -> Result<PathBuf, String> {
    let (features, name): (&[&str], _) = match build {
        Build::Smol => (&["--features", "smol"], "smol"),
        _ => (&[], "plain"),
    };
    let profile = own.parent().ok_or("this program has no folder")?;
    let target = profile.parent().ok_or("no target folder")?.join("bench").join(name);
    let built = target.join("release/dormouse-bench");
    let cargo = std::env::var_os("CARGO").filter(|_| may_build);
    let Some(cargo) = cargo else {
        let how = "needs another build of dormouse: start the bench by `cargo run`";
        return if built.exists() { Ok(built) } else { Err(how.into()) };
    };
    eprintln!(
        "building the bench with {} dormouse reactor, into {}",
        words(build),
        target.display()
    );
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--release", "-p", "dormouse-bench"]).args(features);
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

fn words(build: Build) -> &'static str {
    if build == Build::Smol { "the async-io" } else { "the builtin" }
}
