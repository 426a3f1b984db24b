//! `target/bench/report.html`: the results as one page that needs nothing else.
//!
//! [`page`] puts it together from [`figures`], which says what each workload shows, and [`tables`]. Figures
//! are SVG, drawn by [`plot`] on an [`axis`]; what colour a peer has everywhere is up to [`style`].

mod axis;
mod figures;
mod page;
mod plot;
mod style;
mod tables;
#[cfg(test)]
mod tests;

use crate::summary::Report;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Writes the page, and says where.
pub(crate) fn write(report: &Report, path: Option<&Path>) -> Result<PathBuf, Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).ok_or("no target folder")?;
    let path = path.map_or_else(|| target.join("bench/report.html"), Path::to_path_buf);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, page::page(report)?)?;
    Ok(path)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
