//! The reports that are shown in the guide are those of the code above them.
//!
//! The code itself is tested as part of the documentation.

use dormouse_check::Kind;

const GUIDE: &str = include_str!("../docs/writing-a-future.md");

/// The blocks of the guide, each with its language.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut blocks = Vec::new();
    for part in GUIDE.split("\n```").skip(1).step_by(2) {
        blocks.push(part.split_once('\n').expect("a block has lines"));
    }
    blocks
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_report_in_the_guide_is_of_a_kind_that_the_code_above_it_asks_for() {
    let (mut code, mut reports) = ("", 0);
    for (language, text) in blocks() {
        if language == "rust" {
            code = text;
            continue;
        }
        reports += 1;
        let kind =
            text.strip_prefix("FAIL  ").and_then(|text| text.split_once(':')).map(|(kind, _)| kind);
        let kind = Kind::ALL.into_iter().find(|known| Some(known.name()) == kind);
        let kind = kind.unwrap_or_else(|| panic!("no report begins like this: {text}"));
        assert!(
            code.contains(&format!("Kind::{kind:?}")),
            "{kind} is not what this is about: {code}"
        );
        if let Some((_, explained)) = text.split_once("contract  ") {
            let (contract, mend) = explained.split_once("mend it   ").expect("it says both");
            assert_eq!(
                (words(contract), words(mend)),
                (words(kind.contract()), words(kind.mend()))
            );
        }
    }
    assert!(reports >= 10, "{reports} reports");
}
