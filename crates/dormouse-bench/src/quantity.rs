//! Values with three digits and a unit, for readers.

/// A value of a metric, with its unit.
pub(crate) fn quantity(metric: &str, value: f64) -> String {
    match metric.rsplit(' ').next() {
        Some("ns") => time(value),
        Some("us") => time(value * 1e3),
        Some("ms") => time(value * 1e6),
        Some("bytes") => format!("{value:.0} bytes"),
        _ => digits(value),
    }
}

fn time(ns: f64) -> String {
    // 999.9 ns has three digits as 1.00 µs.
    let (value, unit) = match ns {
        999.5e6.. => (ns / 1e9, "s"),
        999.5e3.. => (ns / 1e6, "ms"),
        999.5.. => (ns / 1e3, "µs"),
        _ => (ns, "ns"),
    };
    format!("{} {unit}", digits(value))
}

/// Three digits, and none after a whole number.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        99.95.. => 0,
        9.995.. => 1,
        _ => 2,
    };
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.places$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_has_three_digits_and_a_unit() {
        for (metric, value, text) in [
            ("wall ns", 89.14, "89.1 ns"),
            ("wall ns", 999.7, "1.00 µs"),
            ("late us", 1_147.0, "1.15 ms"),
            ("late us", 77.0, "77 µs"),
            ("bytes", 212.4, "212 bytes"),
            ("wake-ups", 2.0, "2"),
        ] {
            assert_eq!(quantity(metric, value), text);
        }
    }
}
