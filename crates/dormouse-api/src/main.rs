//! Reads what rustdoc knows about the library, as JSON, and prints one of two lists:
//!
//! - `api`: the public API, one item a line, sorted.
//! - `without-example`: the public items without a code block in their docs.
//!
//! The exit status is 3 if the file has another format than this program can read: see `Cargo.toml`.

mod examples;

use rustdoc_types::{Crate, FORMAT_VERSION};
use std::{error::Error, fs, path::Path, process::ExitCode};

const OTHER_FORMAT: u8 = 3;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, file] = &arguments[..] else {
        return Err("usage: dormouse-api api|without-example FILE".into());
    };
    let json = fs::read_to_string(file)?;
    let format = format_version(&json)?;
    if format != FORMAT_VERSION {
        eprintln!(
            "rustdoc writes format {format} of its JSON, and crates/dormouse-api reads format {FORMAT_VERSION}"
        );
        return Ok(ExitCode::from(OTHER_FORMAT));
    }
    match list.as_str() {
        "api" => print_api(file.as_ref())?,
        "without-example" => {
            let library: Crate = serde_json::from_str(&json)?;
            for path in examples::missing(&library) {
                println!("{path}");
            }
        }
        _ => return Err(format!("there is no list {list}").into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// The format's own version, which each format has.
fn format_version(json: &str) -> Result<u32, Box<dyn Error>> {
    let fields: serde_json::Value = serde_json::from_str(json)?;
    let version = fields["format_version"].as_u64().ok_or("the file has no format_version")?;
    Ok(version.try_into()?)
}

/// Leaves out what no program can rely on, traits that are not stable, and the blanket implementations of std.
fn print_api(file: &Path) -> Result<(), Box<dyn Error>> {
    let api = public_api::Builder::from_rustdoc_json(file).omit_blanket_impls(true).build()?;
    let unstable = ["Freeze", "StructuralPartialEq", "UnsafeUnpin"]
        .map(|name| format!("core::marker::{name} for "));
    for item in api.items() {
        let line = item.to_string();
        if !unstable.iter().any(|implementation| line.contains(implementation)) {
            println!("{line}");
        }
    }
    Ok(())
}
