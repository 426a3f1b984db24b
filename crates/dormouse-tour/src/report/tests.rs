use super::*;
use crate::executors::EXECUTORS;
use crate::measured::Inside;
use dormouse_tour::timers::Timers;

const SECOND: Duration = Duration::from_secs(1);
const RED: &str = "\u{1b}[38;5;9m";

fn good() -> Measured {
    Measured {
        reactor: "tokio".into(),
        timers: good_timers(),
        fd_ok: true,
        inside: Inside { fired: 204, cancelled: 1, late_us: [60, 120, 200], ..Inside::default() },
        threads_added: Vec::new(),
    }
}

fn good_timers() -> Timers {
    Timers {
        join_ms: 3000,
        bar_first: true,
        select_ok: true,
        late_p50_us: 60,
        late_p99_us: 120,
        early: 0,
        polls: 2,
    }
}

fn with_timers(timers: Timers) -> Measured {
    Measured { timers, ..good() }
}

fn row(measured: Measured) -> Row {
    Row::new(&EXECUTORS[0], Ok(measured), SECOND)
}

fn coloured(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.enforce_styling();
    draw(table, rows)
}

#[test]
fn a_kept_row_is_not_red() {
    let rows = [row(good())];
    assert!(all_kept(&rows));
    assert!(!coloured(&rows).contains(RED));
    assert!(coloured(&rows).contains("1 of 1 executors kept every promise"));
}

#[test]
fn each_broken_promise_makes_a_red_row_and_a_failure() {
    let broken = [
        Measured { reactor: "async-io".into(), ..good() },
        with_timers(Timers { join_ms: 2999, ..good_timers() }),
        with_timers(Timers { join_ms: 4000, ..good_timers() }),
        with_timers(Timers { bar_first: false, ..good_timers() }),
        with_timers(Timers { select_ok: false, ..good_timers() }),
        Measured { fd_ok: false, ..good() },
        with_timers(Timers { early: 1, ..good_timers() }),
        with_timers(Timers { polls: 3, ..good_timers() }),
        Measured { threads_added: vec!["dormouse".into()], ..good() },
    ];
    for measured in broken {
        let rows = [row(good()), row(measured)];
        assert_eq!(rows[1].broken.len(), 1, "{:?}", rows[1]);
        assert!(!all_kept(&rows), "{:?}", rows[1]);

        let table = coloured(&rows);
        assert!(table.contains(RED), "{table}");
        assert!(table.contains("BROKEN: tokio multi_thread: "), "{table}");
        assert!(table.contains("1 of 2 executors kept every promise"), "{table}");
        assert!(json(&rows).contains(r#""ok":false"#));
    }
}

#[test]
fn the_stats_of_each_executor_follow_the_table() {
    let text = coloured(&[row(good())]);
    let (_, inside) = text.split_once("dormouse::stats()").expect("it names the function");
    for number in ["204", "60", "120", "200"] {
        assert!(inside.contains(number), "{inside}");
    }
}

#[test]
fn a_row_without_measurements_is_red_and_has_nulls() {
    let rows = [Row::new(&EXECUTORS[0], Err("hung".into()), SECOND)];
    assert!(!all_kept(&rows));
    assert!(coloured(&rows).contains(RED));

    let json: serde_json::Value = serde_json::from_str(&json(&rows)).unwrap();
    assert_eq!(json[0]["join_ms"], serde_json::Value::Null);
    assert_eq!(json[0]["ok"], false);
}

#[test]
fn one_thread_is_allowed_on_an_executor_without_a_reactor() {
    let smol = EXECUTORS.iter().find(|executor| executor.name == "smol").unwrap();
    let with = |threads: &[&str]| {
        let threads_added = threads.iter().map(|&name| name.into()).collect();
        let measured = Measured { reactor: "async-io".into(), threads_added, ..good() };
        Row::new(smol, Ok(measured), SECOND).broken
    };
    assert_eq!(with(&[]), [""; 0]);
    assert_eq!(with(&["async-io"]), [""; 0]);
    assert_eq!(with(&["dormouse"]), ["threads were added: dormouse"]);
    assert_eq!(with(&["async-io", "dormouse"]), ["threads were added: async-io, dormouse"]);
}

#[test]
fn json_has_exactly_the_documented_keys() {
    let json: serde_json::Value = serde_json::from_str(&json(&[row(good())])).unwrap();
    let keys: Vec<_> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut documented = [
        "executor",
        "reactor",
        "join_ms",
        "bar_first",
        "select_ok",
        "fd_ok",
        "late_p50_us",
        "late_p99_us",
        "early",
        "polls",
        "threads_added",
        "ok",
    ];
    documented.sort();
    assert_eq!(keys, documented);
}
