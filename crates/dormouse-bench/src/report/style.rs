//! The colour and dashes of a peer, the same in all plots of a page.
//!
//! Peers of one family share a colour and differ in dashes. There are two sets of colours, light and dark, and plotters
//! takes fixed colours only. So it draws each peer in a key colour. That is then replaced: on the page by a CSS class,
//! and in a file that stands alone by a colour and a class.

use super::html::escape;
use crate::registry::{ALL, Entry};
use plotters::style::{RGBColor, colors};
use std::fmt::Write;

/// Text and axes. Replaced by the text colour of the page.
pub(super) const INK: RGBColor = colors::BLACK;
/// Gaps. Replaced by the background colour of the page.
pub(super) const PAPER: RGBColor = colors::WHITE;

#[derive(Debug)]
struct Colour {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
}

const fn colour(name: &'static str, light: &'static str, dark: &'static str) -> Colour {
    Colour { name, light, dark }
}

const PALETTE: &[Colour] = &[
    colour("ink", "#222", "#ddd"),
    colour("paper", "#fff", "#16181c"),
    colour("line", "#ccc", "#444"),
    colour("tint", "#eaf3fb", "#1c2a3a"),
    colour("blue", "#0072b2", "#3f8fff"),
    colour("orange", "#d98200", "#f0a030"),
    colour("green", "#009e73", "#1fc79a"),
    colour("pink", "#cc6699", "#e08fc0"),
    colour("sky", "#56b4e9", "#9adcff"),
    colour("red", "#a31526", "#ff5d4a"),
    colour("grey", "#8a8a8a", "#8a8a8a"),
];

/// The prefix of each family, and the name of its colour.
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

/// Replaces the key colours with the classes of a page.
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

/// How the curves and bars of a peer look.
struct Look {
    colour: &'static str,
    dash: &'static str,
    width: &'static str,
}

/// Looks of all peers, in their order in the registry.
fn looks() -> Vec<Look> {
    let (mut in_family, mut others) = (vec![0; FAMILIES.len()], 0);
    let look = |entry: &Entry| {
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
        let width = if is_dormouse(entry.name) { "3.5" } else { "1.8" };
        Look { colour, dash: DASHES[nth % DASHES.len()], width }
    };
    ALL.iter().map(look).collect()
}

/// The CSS rules of the classes of a page.
pub(super) fn rules() -> String {
    let mut rules = String::new();
    for (i, Look { colour, dash, width }) in looks().into_iter().enumerate() {
        let _ = writeln!(rules, ".p{i}{{--peer:var(--{colour});--dash:{dash};--width:{width}}}");
    }
    rules
}

/// The colours of a page, as CSS variables.
pub(super) fn palette() -> String {
    let set = |of: fn(&Colour) -> &'static str| -> String {
        PALETTE.iter().map(|colour| format!(" --{}: {};", colour.name, of(colour))).collect()
    };
    format!(
        ":root {{ color-scheme: light dark;{} }}\n\
         @media (prefers-color-scheme: dark) {{ :root {{{} }} }}\n",
        set(|colour| colour.light),
        set(|colour| colour.dark),
    )
}

/// Replaces the key colours with those of a file that stands alone. Attributes have the light colours, which programs
/// that know no CSS draw too. The rules replace them with the dark colours.
pub(super) fn stand_alone(svg: &str, title: &str, description: &str) -> String {
    let mut svg = svg
        .replace("font-family=\"sans-serif\" ", "")
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "");
    for (i, Look { colour, dash, width }) in looks().into_iter().enumerate() {
        let line =
            format!("stroke=\"{colour}\" stroke-width=\"{width}\" stroke-dasharray=\"{dash}\"");
        svg = svg
            .replace(&format!("stroke=\"#0100{i:02X}\" stroke-width=\"1\""), &line)
            .replace(&format!("fill=\"#0100{i:02X}\""), &format!("fill=\"{colour}\""));
    }
    svg = svg.replace("\"#000000\"", "\"ink\"").replace("\"#FFFFFF\"", "\"paper\"");
    let mut dark = String::new();
    for Colour { name, light, dark: value } in PALETTE {
        for (property, class) in [("fill", "f"), ("stroke", "s")] {
            let found = format!("{property}=\"{name}\"");
            if svg.contains(&found) {
                let class = format!("{class}-{name}");
                svg = svg.replace(&found, &format!("class=\"{class}\" {property}=\"{light}\""));
                let _ = write!(dark, ".{class}{{{property}:{value}}}");
            }
        }
    }
    let rules = format!(
        "<style>text{{font-family:system-ui,-apple-system,Arial,sans-serif}}\
         @media (prefers-color-scheme:dark){{{dark}}}</style>\n"
    );
    let head = format!(
        "<svg role=\"img\" aria-label=\"{title}\" $1>\n<title>{title}</title>\n<desc>{description}</desc>\n{rules}"
    );
    match svg.strip_prefix("<svg ").and_then(|svg| svg.split_once('>')) {
        Some((attributes, rest)) => head.replacen("$1", attributes, 1) + rest.trim_start(),
        None => svg,
    }
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
