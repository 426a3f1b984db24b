//! Each report in the guide matches the code above it.
//!
//! The code itself is tested by the doc tests.

use dormouse_check::Kind;

const GUIDE: &str = include_str!("../docs/writing-a-future.md");
const TUTORIAL: &str = include_str!("../docs/tutorial.md");

/// The code blocks of a page, each with its language.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    for part in page.split("\n```").skip(1).step_by(2) {
        blocks.push(part.split_once('\n').expect("a block with several lines"));
    }
    blocks
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_report_in_the_guide_has_a_kind_that_the_code_above_it_expects() {
    let (mut code, mut reports) = ("", 0);
    for (language, text) in blocks(GUIDE) {
        if language == "rust" {
            code = text;
            continue;
        }
        reports += 1;
        let kind =
            text.strip_prefix("FAIL  ").and_then(|text| text.split_once(':')).map(|(kind, _)| kind);
        let kind = Kind::ALL.into_iter().find(|known| Some(known.name()) == kind);
        let kind = kind.unwrap_or_else(|| panic!("not a report: {text}"));
        assert!(
            code.contains(&format!("Kind::{kind:?}")),
            "{kind} is not expected by this code: {code}"
        );
        if let Some((_, explained)) = text.split_once("contract  ") {
            let (contract, mend) =
                explained.split_once("fix       ").expect("the label of the fix");
            assert_eq!(
                (words(contract), words(mend)),
                (words(kind.contract()), words(kind.mend()))
            );
        }
    }
    assert!(reports >= 10, "{reports} reports");
}

#[test]
fn each_report_in_the_tutorial_has_a_kind_that_the_code_above_it_expects() {
    let (mut code, mut reports) = ("", 0);
    for (language, text) in blocks(TUTORIAL) {
        if language != "text" {
            code = text;
        }
        let Some((name, _)) = text.strip_prefix("FAIL  ").and_then(|text| text.split_once(':'))
        else {
            continue;
        };
        let kind = Kind::ALL.into_iter().find(|known| known.name() == name).expect("a kind");
        assert!(
            code.contains(&format!("Kind::{kind:?}")),
            "{kind} is not expected by this code: {code}"
        );
        reports += 1;
    }
    assert_eq!(reports, 1);
}
