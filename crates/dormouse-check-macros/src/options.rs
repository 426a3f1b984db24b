//! Parses the arguments of the attribute.

use crate::executor::{ALL, Executor};
use proc_macro2::Ident;
use std::time::Duration;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Result, Token, parenthesized};

/// The default. A test that needs longer sets `time_limit`.
const TIME_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) executors: Vec<Executor>,
    pub(crate) time_limit: Duration,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Options> {
        let (mut executors, mut time_limit) = (None, None);
        while !input.is_empty() {
            let option: Ident = input.parse()?;
            if option == "time_limit" {
                input.parse::<Token![=]>()?;
                let limit = duration(&input.parse()?)?;
                if time_limit.replace(limit).is_some() {
                    return Err(Error::new(option.span(), "`time_limit` is given twice"));
                }
            } else if option == "only" || option == "except" {
                let named = list(input, &option)?;
                let chosen: Vec<Executor> = ALL
                    .into_iter()
                    .filter(|executor| named.contains(executor) == (option == "only"))
                    .collect();
                if chosen.is_empty() {
                    return Err(Error::new(
                        option.span(),
                        "no executor is left: remove the attribute, or an executor from the list",
                    ));
                }
                if executors.replace(chosen).is_some() {
                    return Err(Error::new(
                        option.span(),
                        "give only one list of executors: `only(...)` or `except(...)`",
                    ));
                }
            } else {
                return Err(Error::new(
                    option.span(),
                    format!(
                        "unknown option `{option}`; expected `only(...)`, `except(...)` or `time_limit = \"5 s\"`"
                    ),
                ));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Options {
            executors: executors.unwrap_or_else(|| ALL.to_vec()),
            time_limit: time_limit.unwrap_or(TIME_LIMIT),
        })
    }
}

/// Parses the executors in parentheses after an option.
fn list(input: ParseStream<'_>, option: &Ident) -> Result<Vec<Executor>> {
    let hint = format!("name the executors in parentheses: `{option}(smol, pollster)`");
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(option.span(), hint));
    }
    let names;
    parenthesized!(names in input);
    let names = Punctuated::<Ident, Token![,]>::parse_terminated(&names)?;
    if names.is_empty() {
        return Err(Error::new(option.span(), hint));
    }
    let mut executors = Vec::new();
    for name in &names {
        let executor = Executor::named(name)?;
        if executors.contains(&executor) {
            return Err(Error::new(name.span(), format!("`{name}` is named twice")));
        }
        executors.push(executor);
    }
    Ok(executors)
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

    fn options(text: &str) -> Options {
        syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn names(text: &str) -> Vec<&'static str> {
        options(text).executors.iter().map(|executor| executor.name).collect()
    }

    #[test]
    fn the_default_is_every_executor() {
        assert_eq!(options(""), Options { executors: ALL.to_vec(), time_limit: TIME_LIMIT });
    }

    #[test]
    fn executors_are_selected_or_excluded_by_name() {
        assert_eq!(names("only(std, smol)"), ["smol", "std"]);
        let all_but_two = names("except(tokio_multi_thread, pollster,)");
        assert_eq!(all_but_two.len(), 6);
        assert!(!all_but_two.contains(&"pollster") && !all_but_two.contains(&"tokio_multi_thread"));
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
