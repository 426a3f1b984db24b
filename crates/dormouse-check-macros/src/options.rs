//! Parses the arguments of the attribute.

use crate::executor::{BUILT_IN, BuiltIn, Executor};
use proc_macro2::{Ident, Span};
use std::time::Duration;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Path, Result, Token, bracketed, parenthesized};

/// The default. A test that needs longer sets `time_limit`.
const TIME_LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Options {
    /// In the order of the generated tests: the built-in ones, then the functions.
    pub(crate) executors: Vec<Executor>,
    /// Where `only(...)` names its executors: then each has to be compiled in.
    pub(crate) only: Option<Span>,
    pub(crate) time_limit: Duration,
    /// The path of dormouse-check.
    pub(crate) root: Path,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Options> {
        let mut parsed = Parsed::default();
        while !input.is_empty() {
            let option = Ident::parse_any(input)?;
            parsed.option(&option, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        parsed.finish()
    }
}

/// The options as they are given.
#[derive(Default)]
struct Parsed {
    list: Option<List>,
    functions: Option<Vec<Path>>,
    time_limit: Option<Duration>,
    root: Option<Path>,
}

/// `only(...)` or `except(...)`.
struct List {
    option: Ident,
    named: Vec<BuiltIn>,
}

impl Parsed {
    fn option(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        let set_before = if option == "time_limit" {
            self.time_limit.replace(duration(&value(input)?)?).is_some()
        } else if option == "crate" {
            self.root.replace(value(input)?.parse()?).is_some()
        } else if option == "executors" {
            self.functions.replace(functions(option, input)?).is_some()
        } else if option == "only" || option == "except" {
            if self.list.is_some() {
                return Err(Error::new(
                    option.span(),
                    "give only one list of executors: `only(...)` or `except(...)`",
                ));
            }
            self.list = Some(List { option: option.clone(), named: list(input, option)? });
            false
        } else {
            return Err(Error::new(
                option.span(),
                format!(
                    "unknown option `{option}`; expected `only(...)`, `except(...)`, `executors = [...]`, \
                     `time_limit = \"5 s\"` or `crate = \"...\"`"
                ),
            ));
        };
        if set_before {
            return Err(Error::new(option.span(), format!("`{option}` is given twice")));
        }
        Ok(())
    }

    fn finish(self) -> Result<Options> {
        let functions = self.functions.unwrap_or_default();
        let mut executors: Vec<Executor> = BUILT_IN
            .into_iter()
            .filter(|executor| self.list.as_ref().is_none_or(|list| list.selects(executor)))
            .map(Executor::BuiltIn)
            .collect();
        for path in functions {
            let function = Executor::Function(path.clone());
            let name = function.test_name();
            if executors.iter().any(|executor| executor.test_name() == name) {
                return Err(Error::new_spanned(
                    path,
                    format!("two executors are named `{name}`: import one by another name"),
                ));
            }
            executors.push(function);
        }
        let list = self.list;
        if let (Some(List { option, .. }), true) = (&list, executors.is_empty()) {
            return Err(Error::new(
                option.span(),
                format!(
                    "no executor is left: name one in parentheses, `{option}(smol, pollster)`, or remove the list"
                ),
            ));
        }
        let only = list.filter(|list| list.option == "only").map(|list| list.option.span());
        Ok(Options {
            executors,
            only,
            time_limit: self.time_limit.unwrap_or(TIME_LIMIT),
            root: self.root.unwrap_or_else(|| syn::parse_quote!(::dormouse_check)),
        })
    }
}

impl List {
    fn selects(&self, executor: &BuiltIn) -> bool {
        self.named.contains(executor) == (self.option == "only")
    }
}

/// Parses the value of an option: `= "..."`.
fn value(input: ParseStream<'_>) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Parses the executors in parentheses after an option. They may be empty for `only()` alone.
fn list(input: ParseStream<'_>, option: &Ident) -> Result<Vec<BuiltIn>> {
    let hint = format!("name the executors in parentheses: `{option}(smol, pollster)`");
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(option.span(), hint));
    }
    let names;
    parenthesized!(names in input);
    let names = Punctuated::<Ident, Token![,]>::parse_terminated(&names)?;
    if names.is_empty() && option == "except" {
        return Err(Error::new(option.span(), hint));
    }
    let mut executors = Vec::new();
    for name in &names {
        let executor = BuiltIn::named(name)?;
        if executors.contains(&executor) {
            return Err(Error::new(name.span(), format!("`{name}` is named twice")));
        }
        executors.push(executor);
    }
    Ok(executors)
}

/// Parses `= [path, path]`.
fn functions(option: &Ident, input: ParseStream<'_>) -> Result<Vec<Path>> {
    let hint = "name functions that run a future: `executors = [my::runtime]`";
    if input.parse::<Token![=]>().is_err() || !input.peek(syn::token::Bracket) {
        return Err(Error::new(option.span(), hint));
    }
    let paths;
    bracketed!(paths in input);
    let paths = Punctuated::<Path, Token![,]>::parse_terminated_with(&paths, Path::parse_mod_style);
    let paths: Vec<Path> = paths?.into_iter().collect();
    if paths.is_empty() {
        return Err(Error::new(option.span(), hint));
    }
    Ok(paths)
}

/// Parses a duration: a number and a unit.
fn duration(text: &LitStr) -> Result<Duration> {
    let value = text.value();
    let unit_at = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(unit_at);
    let in_ms = match unit.trim() {
        "ms" => Some(1),
        "s" => Some(1000),
        "min" => Some(60_000),
        _ => None,
    };
    number
        .parse::<u64>()
        .ok()
        .zip(in_ms)
        .and_then(|(number, in_ms)| number.checked_mul(in_ms))
        .filter(|&ms| ms > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            Error::new(
                text.span(),
                "a time limit is a number above zero and a unit (`ms`, `s` or `min`): `time_limit = \"5 s\"`",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn options(text: &str) -> Options {
        syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn names(text: &str) -> Vec<String> {
        options(text).executors.iter().map(Executor::test_name).collect()
    }

    #[test]
    fn the_default_is_every_built_in_executor() {
        assert_eq!(names(""), BUILT_IN.map(|executor| executor.name));
        let Options { only, time_limit, root, .. } = options("");
        assert!(only.is_none());
        assert_eq!(time_limit, TIME_LIMIT);
        assert_eq!(root.to_token_stream().to_string(), ":: dormouse_check");
    }

    #[test]
    fn executors_are_selected_or_excluded_by_name() {
        assert_eq!(names("only(std, smol)"), ["smol", "std"]);
        let all_but_two = names("except(tokio_multi_thread, pollster,)");
        assert_eq!(all_but_two.len(), 6);
        assert!(!all_but_two.iter().any(|name| name == "pollster" || name == "tokio_multi_thread"));
    }

    #[test]
    fn functions_are_executors_named_after_their_last_segment() {
        assert_eq!(
            names("only(std), executors = [my::runtime, other]"),
            ["std", "runtime", "other"]
        );
        assert_eq!(names("only(), executors = [crate::here::local]"), ["local"]);
        assert_eq!(names("executors = [local]").len(), BUILT_IN.len() + 1);
    }

    #[test]
    fn the_path_of_the_crate_can_be_given() {
        let root = options(r#"crate = "my_tests::check""#).root;
        assert_eq!(root.to_token_stream().to_string(), "my_tests :: check");
    }

    #[test]
    fn a_time_limit_has_a_unit() {
        for (text, limit) in [
            ("5 s", Duration::from_secs(5)),
            ("5s", Duration::from_secs(5)),
            ("250 ms", Duration::from_millis(250)),
            ("2 min", Duration::from_secs(120)),
        ] {
            assert_eq!(options(&format!("time_limit = {text:?}, only(smol)")).time_limit, limit);
        }
    }
}
