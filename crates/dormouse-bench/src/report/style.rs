//! What a peer looks like, the same in all plots of a page.
//!
//! Relatives share a colour and differ in dashes. plotters knows opaque colours only, and a page has two sets
//! of them, for light and for dark; so it draws with keys that nobody would choose, which become classes.

use super::escape;
use crate::peer::ALL;
use plotters::style::{RGBColor, colors};
use std::fmt::Write;

/// Of text and axes: the page's.
pub(super) const INK: RGBColor = colors::BLACK;
/// Of gaps.
pub(super) const PAPER: RGBColor = colors::WHITE;

/// Relatives, and their colour in the style sheet.
const FAMILIES: &[(&str, &str)] =
    &[("dormouse", "blue"), ("tokio-", "orange"), ("timerfd-", "green")];
/// In turn, of those without relatives.
const OTHERS: &[&str] = &["pink", "sky", "red", "grey", "ink"];
const DASHES: &[&str] = &["none", "7 4", "2 3", "9 3 2 3"];

/// Whose rows these pages are about.
pub(super) fn is_ours(peer: &str) -> bool {
    peer.starts_with("dormouse")
}

fn index(peer: &str) -> usize {
    ALL.iter().position(|entry| entry.name == peer).unwrap_or(ALL.len())
}

/// What plotters is to draw a peer with.
pub(super) fn key(peer: &str) -> RGBColor {
    RGBColor(1, 0, index(peer) as u8)
}

/// Puts classes in the place of the keys.
pub(super) fn dress(svg: &str) -> String {
    let mut svg = svg
        .replace("fill=\"#FFFFFF\"", "class=\"gap\"")
        .replace("#000000", "currentColor")
        .replace("font-family=\"sans-serif\" ", "");
    for i in 0..=ALL.len() {
        svg = svg
            .replace(&format!("stroke=\"#0100{i:02X}\""), &format!("class=\"line p{i}\""))
            .replace(&format!("fill=\"#0100{i:02X}\""), &format!("class=\"area p{i}\""));
    }
    svg
}

/// The rules for those classes.
pub(super) fn rules() -> String {
    let mut rules = String::new();
    let (mut relatives, mut others) = (vec![0; FAMILIES.len()], 0);
    for (i, entry) in ALL.iter().enumerate() {
        let family = FAMILIES.iter().position(|(prefix, _)| entry.name.starts_with(prefix));
        let (colour, nth) = match family {
            Some(family) => {
                relatives[family] += 1;
                (FAMILIES[family].1, relatives[family] - 1)
            }
            None => {
                others += 1;
                (OTHERS[(others - 1) % OTHERS.len()], (others - 1) / OTHERS.len())
            }
        };
        let dash = DASHES[nth % DASHES.len()];
        let width = if is_ours(entry.name) { "3.5" } else { "1.8" };
        let _ = writeln!(rules, ".p{i}{{--peer:var(--{colour});--dash:{dash};--width:{width}}}");
    }
    rules
}

/// Of the peers given, in the order of the tables.
pub(super) fn legend(peers: &[&str]) -> String {
    let mut legend = String::from("<ul class=\"legend\">\n");
    for entry in ALL.iter().filter(|entry| peers.contains(&entry.name)) {
        let ours = if is_ours(entry.name) { " class=\"ours\"" } else { "" };
        let i = index(entry.name);
        let _ = writeln!(
            legend,
            "<li{ours} title=\"{}\"><svg viewBox=\"0 0 32 8\" aria-hidden=\"true\">\
             <line class=\"line p{i}\" x1=\"0\" y1=\"4\" x2=\"32\" y2=\"4\"/></svg>{}</li>",
            escape(entry.about),
            escape(entry.name),
        );
    }
    legend + "</ul>\n"
}
