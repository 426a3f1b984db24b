//! The colour and dashes of a peer, the same in all plots of a page.
//!
//! Peers of one family share a colour and differ in dashes. The page has two sets of colours, light and dark, and
//! plotters takes fixed colours only. So it draws each peer in a key colour, which is then replaced by a CSS class.

use super::html::escape;
use crate::registry::ALL;
use plotters::style::{RGBColor, colors};
use std::fmt::Write;

/// Text and axes. Replaced by the text colour of the page.
pub(super) const INK: RGBColor = colors::BLACK;
/// Gaps. Replaced by the background colour of the page.
pub(super) const PAPER: RGBColor = colors::WHITE;

/// The prefix of each family, and its colour in the style sheet.
const FAMILIES: &[(&str, &str)] =
    &[("dormouse", "blue"), ("tokio-", "orange"), ("timerfd-", "green")];
/// The colours of peers without a family, used in turn.
const OTHERS: &[&str] = &["pink", "sky", "red", "grey", "ink"];
const DASHES: &[&str] = &["none", "7 4", "2 3", "9 3 2 3"];

pub(super) fn is_dormouse(peer: &str) -> bool {
    peer.starts_with("dormouse")
}

fn index(peer: &str) -> usize {
    ALL.iter().position(|entry| entry.name == peer).unwrap_or(ALL.len())
}

/// The colour in which plotters draws a peer.
pub(super) fn key_colour(peer: &str) -> RGBColor {
    RGBColor(1, 0, index(peer) as u8)
}

/// Replaces the key colours with classes.
pub(super) fn insert_classes(svg: &str) -> String {
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

/// The CSS rules of these classes.
pub(super) fn rules() -> String {
    let mut rules = String::new();
    let (mut in_family, mut others) = (vec![0; FAMILIES.len()], 0);
    for (i, entry) in ALL.iter().enumerate() {
        let family = FAMILIES.iter().position(|(prefix, _)| entry.name.starts_with(prefix));
        let (colour, nth) = match family {
            Some(family) => {
                in_family[family] += 1;
                (FAMILIES[family].1, in_family[family] - 1)
            }
            None => {
                others += 1;
                (OTHERS[(others - 1) % OTHERS.len()], (others - 1) / OTHERS.len())
            }
        };
        let dash = DASHES[nth % DASHES.len()];
        let width = if is_dormouse(entry.name) { "3.5" } else { "1.8" };
        let _ = writeln!(rules, ".p{i}{{--peer:var(--{colour});--dash:{dash};--width:{width}}}");
    }
    rules
}

/// The legend of these peers, in the order of the tables.
pub(super) fn legend(peers: &[&str]) -> String {
    let mut legend = String::from("<ul class=\"legend\">\n");
    for entry in ALL.iter().filter(|entry| peers.contains(&entry.name)) {
        let class = if is_dormouse(entry.name) { " class=\"ours\"" } else { "" };
        let i = index(entry.name);
        let _ = writeln!(
            legend,
            "<li{class} title=\"{}\"><svg viewBox=\"0 0 32 8\" aria-hidden=\"true\">\
             <line class=\"line p{i}\" x1=\"0\" y1=\"4\" x2=\"32\" y2=\"4\"/></svg>{}</li>",
            escape(entry.about),
            escape(entry.name),
        );
    }
    legend + "</ul>\n"
}
