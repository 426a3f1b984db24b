//! `target/bench/report.html`: the results as one self-contained page. And plots for documentation, each in a file.
//!
//! [`page`] composes it from [`opening`], which has the rows that matter most, [`figures`], which selects the plots of
//! each workload, and [`tables`]. Plots are SVG, drawn by [`plot`] on an [`axis`]. [`style`] gives each peer the same
//! colour in all plots.

mod axis;
mod figures;
mod html;
mod opening;
mod page;
mod plot;
mod style;
mod tables;
#[cfg(test)]
mod tests;

use crate::summary::Report;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Writes the page, and returns its path.
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

/// Writes the plots that stand alone.
pub(crate) fn write_plots(report: &Report, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    for (name, svg) in opening::files(report)? {
        std::fs::write(folder.join(name), svg)?;
    }
    Ok(())
}
