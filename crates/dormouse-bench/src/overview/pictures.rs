//! The pictures: panels of bars, one for each of some rows.

use super::{CONNECT, CREATE, Cell, FIRE_CPU, FIRE_LATE, LATENESS, MEMORY, Spec, TCP, UDP, cell};
use crate::case::abbreviate;
use crate::summary::Report;

/// One picture: a panel of bars for each title.
pub(crate) struct Picture {
    /// The name of its file.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(super) panels: &'static [(&'static str, Spec)],
}

#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) metric: &'static str,
    /// A label and its value.
    pub(crate) bars: Vec<(&'static str, Cell)>,
}

/// The first is that of the README and of the page.
pub(crate) const PICTURES: &[Picture] = &[
    Picture {
        name: "benchmarks",
        title: "Timers and sockets: dormouse, tokio, async-io and futures-timer",
        panels: &[
            ("Create, poll, drop a sleep; {n} pending", CREATE),
            ("A sleep of 1 ms: median lateness", LATENESS),
            ("TCP round trip", TCP),
        ],
    },
    Picture {
        name: "benchmarks-fire",
        title: "Timers that fire: dormouse, tokio, async-io and futures-timer",
        panels: &[
            ("{n} fire in 1 s: CPU time of each", FIRE_CPU),
            ("{n} fire in 1 s: median lateness", FIRE_LATE),
            ("Memory of a pending sleep", MEMORY),
        ],
    },
    Picture {
        name: "benchmarks-sockets",
        title: "Sockets: dormouse, tokio and async-io",
        panels: &[
            ("TCP: connect, exchange, close", CONNECT),
            ("TCP round trip", TCP),
            ("UDP round trip", UDP),
        ],
    },
];

/// The bars of a panel, if they were measured: a label, and the names of a peer.
pub(super) const BARS: &[(&str, &[&str])] = &[
    ("tokio", &["tokio-ct", "tokio-net"]),
    ("async-io", &["async-io"]),
    ("futures-timer", &["futures-timer"]),
    ("dormouse, tokio", &["dormouse-tokio"]),
    ("dormouse, async-io", &["dormouse-async-io"]),
    ("dormouse, builtin", &["dormouse-builtin"]),
];

impl Picture {
    /// The panels that were measured.
    pub(crate) fn panels(&self, report: &Report) -> Vec<Panel> {
        let panel = |(title, spec): &(&str, Spec)| {
            let case = spec.case(report)?;
            let value = |peers: &[&str]| peers.iter().find_map(|p| cell(case, p, spec.metric));
            let bar = |(label, peers): &(&'static str, &[&str])| Some((*label, value(peers)?));
            Some(Panel {
                title: title.replace("{n}", &abbreviate(case.case.n)),
                metric: spec.metric,
                bars: BARS.iter().filter_map(bar).collect(),
            })
        };
        self.panels.iter().filter_map(panel).collect()
    }
}
