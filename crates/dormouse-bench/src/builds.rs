//! Finds or makes other builds: of this program, with dormouse's other reactor outside tokio and with
//! `--cfg tokio_unstable`; and of `dormouse-combination`, with each set of features and each panic mode.
//!
//! Cargo enables a feature or a cfg for a whole build, so one program cannot contain all peers.

use crate::registry::{Build, Combination};
use std::ffi::OsStr;
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
        let mut others: Vec<(Build, _)> = Vec::new();
        for build in needed.iter().filter(|build| !build.is_this()) {
            if !others.iter().any(|(other, _)| other == build) {
                others.push((*build, find_or_build(&this_program, *build, may_build)));
            }
        }
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

/// What to build, and where.
struct Recipe {
    description: String,
    package: &'static str,
    /// Arguments of cargo.
    args: Vec<String>,
    rustflags: &'static [&'static str],
    /// The target folder, in `target/bench`.
    folder: &'static str,
    /// The name under which the program is kept, if several builds share the folder.
    kept_as: Option<String>,
}

impl Recipe {
    fn new(build: Build) -> Recipe {
        let bench = |description: &str, folder, features: &str| Recipe {
            description: format!("the bench with {description}"),
            package: "dormouse-bench",
            // Without the default peers: this program has them, and they take long to build.
            args: vec!["--no-default-features".into(), format!("--features={features}")],
            rustflags: &[],
            folder,
            kept_as: None,
        };
        match build {
            Build::Any | Build::Builtin => bench("its default features", "any", ""),
            Build::Smol => bench("dormouse's async-io reactor", "smol", "smol"),
            Build::TokioUnstable => Recipe {
                rustflags: &["--cfg", "tokio_unstable"],
                ..bench("--cfg tokio_unstable", "tokio-unstable", "")
            },
            Build::Combination(combination) => Recipe::combination(combination),
        }
    }

    /// All combinations share a folder, so that the dependencies of dormouse are built once per panic mode.
    fn combination(Combination { features, abort }: Combination) -> Recipe {
        let panic = if abort { "abort" } else { "unwind" };
        let args =
            [format!("--features={features}"), format!("--config=profile.release.panic='{panic}'")];
        Recipe {
            description: format!("dormouse with features [{features}], panic = {panic}"),
            package: "dormouse-combination",
            args: args.into(),
            rustflags: &[],
            folder: "combinations",
            kept_as: Some(format!("{panic}-{features}")),
        }
    }

    fn command(&self, cargo: &OsStr, target: &Path) -> Command {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--release", "-p", self.package]).args(&self.args);
        command.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
        add_rustflags(&mut command, self.rustflags);
        // These describe the build of this program, not of the next one.
        for (key, _) in std::env::vars_os() {
            let is_of_this_build =
                |key: &str| key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_");
            if key.to_str().is_some_and(is_of_this_build) {
                command.env_remove(key);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

fn find_or_build(this_program: &Path, build: Build, may_build: bool) -> Result<PathBuf, String> {
    let recipe = Recipe::new(build);
    let profile = this_program.parent().ok_or("this program has no folder")?;
    let target = profile.parent().ok_or("no target folder")?.join("bench").join(recipe.folder);
    let built = target.join("release").join(recipe.package);
    let program = recipe.kept_as.as_ref().map_or(built.clone(), |name| target.join(name));
    let description = &recipe.description;
    let Some(cargo) = std::env::var_os("CARGO").filter(|_| may_build) else {
        let reason = || format!("needs a build of {description}: start the bench with `cargo run`");
        return program.exists().then_some(program).ok_or_else(reason);
    };
    eprintln!("building {description}, into {}", target.display());
    match recipe.command(&cargo, &target).status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("cargo build: {status}")),
        Err(err) => return Err(format!("cargo build: {err}")),
    }
    if built != program {
        std::fs::copy(&built, &program).map_err(|err| format!("cannot copy the build: {err}"))?;
    }
    Ok(program)
}

/// Appends to the flags that the user has set, in the variable that cargo prefers.
fn add_rustflags(command: &mut Command, flags: &[&str]) {
    if flags.is_empty() {
        return;
    }
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
