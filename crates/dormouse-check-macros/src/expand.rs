//! Expands the attribute to the original function and a module of the same name with one test for each executor.

use crate::attributes::Attributes;
use crate::awaits;
use crate::executor::{self, Executor, THREAD_POOL};
use crate::options::Options;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, ItemFn, Result, ReturnType, Type};

pub(crate) fn expand(options: TokenStream, test: TokenStream) -> Result<TokenStream> {
    let options: Options = syn::parse2(options)?;
    let mut test: ItemFn = syn::parse2(test)?;
    check(&test)?;
    let attributes = Attributes::sort(std::mem::take(&mut test.attrs))?;
    awaits::rewrite(&mut test.block);

    let (for_function, for_module) = (&attributes.function, &attributes.module);
    let name = &test.sig.ident;
    // Unless std is among its executors, the function is unused if the features of all of them are disabled.
    let allow_dead_code = match options.executors.contains(&executor::STD) {
        true => quote!(),
        false => quote!(#[allow(dead_code)]),
    };
    let tests = options.executors.iter().map(|&executor| {
        let test = test_on(executor, &test, &attributes, options.time_limit.as_millis());
        let feature = format_ident!("{}", executor.feature);
        quote!(::dormouse_check::__private::#feature! { #test })
    });
    Ok(quote! {
        #[cfg(test)]
        #allow_dead_code
        #(#for_function)*
        #test

        #[cfg(test)]
        #(#for_module)*
        mod #name {
            #(#tests)*
        }
    })
}

fn test_on(
    executor: Executor,
    test: &ItemFn,
    attributes: &Attributes,
    time_limit_ms: u128,
) -> TokenStream {
    let (for_test, should_panic) = (&attributes.test, attributes.should_panic());
    let body = &test.sig.ident;
    let name = format_ident!("{}", executor.name, span = body.span());
    let limit = u64::try_from(time_limit_ms).unwrap_or(u64::MAX);
    let options = quote! {
        ::dormouse_check::__private::Test {
            time_limit: ::core::time::Duration::from_millis(#limit),
            should_panic: #should_panic,
        }
    };
    // Errors about bounds, such as a missing `Send`, point to the name of the test, and so does a timeout panic.
    let at = body.span();
    let run = if executor.name == THREAD_POOL {
        quote_spanned!(at=> ::dormouse_check::__private::run_on_thread_pool(#options, super::#body))
    } else {
        let executor = format_ident!("{}", executor.name.to_uppercase());
        quote_spanned! {at=>
            ::dormouse_check::__private::run(
                ::dormouse_check::__private::#executor,
                #options,
                super::#body,
            )
        }
    };
    // A test that should panic has to return `()`.
    let (returns, semicolon) = match has_output(test) {
        true => (quote!(-> ::std::process::ExitCode), quote!()),
        false => (quote!(), quote!(;)),
    };
    quote! {
        #(#for_test)*
        #[test]
        fn #name() #returns {
            #run #semicolon
        }
    }
}

fn has_output(test: &ItemFn) -> bool {
    match &test.sig.output {
        ReturnType::Default => false,
        ReturnType::Type(_, output) => {
            !matches!(&**output, Type::Tuple(tuple) if tuple.elems.is_empty())
        }
    }
}

/// Rejects functions that cannot be a test.
fn check(test: &ItemFn) -> Result<()> {
    let signature = &test.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(
            signature.fn_token,
            "make it an `async fn`; use `#[test]` for a test that is not async",
        ));
    }
    if let Some(argument) = signature.inputs.first() {
        return Err(Error::new_spanned(
            argument,
            "a test takes no arguments: create what it needs in its body",
        ));
    }
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new_spanned(
            parameter,
            "a test cannot be generic: move the generic code to a function and call it from a test for each type",
        ));
    }
    if let Some(unsafety) = &signature.unsafety {
        return Err(Error::new_spanned(
            unsafety,
            "a test cannot be `unsafe`, because the harness calls it: use an `unsafe` block in its body",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    /// Expands `#[every_executor(options)] test`, which must fail. Returns the source the error points to, and its message.
    fn error(options: &str, test: &str) -> (String, String) {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("valid tokens");
        let error = expand(tokens(options), tokens(test)).expect_err("an error");
        (Span::source_text(&error.span()).unwrap_or_default(), error.to_string())
    }

    #[track_caller]
    fn assert_error(options: &str, test: &str, expected_source: &str, words: &str) {
        let (source, message) = error(options, test);
        assert_eq!(source, expected_source, "{message}");
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn errors_in_the_function_point_to_their_source_and_suggest_a_fix() {
        assert_error("", "fn t() {}", "fn", "make it an `async fn`");
        assert_error(
            "",
            "async fn t(a: u8, b: u8) {}",
            "a: u8",
            "create what it needs in its body",
        );
        assert_error("", "async fn t<T: Copy>() {}", "T: Copy", "a test for each type");
        assert_error("", "async unsafe fn t() {}", "unsafe", "`unsafe` block");
    }

    #[test]
    fn errors_in_the_options_point_to_their_source_and_suggest_a_fix() {
        let test = "async fn t() {}";
        assert_error("timeout = 5", test, "timeout", "`time_limit = \"5 s\"`");
        assert_error("only(smol, tokyo)", test, "tokyo", "`tokio_multi_thread`");
        assert_error("only(smol, smol)", test, "smol", "named twice");
        assert_error("only", test, "only", "in parentheses");
        assert_error("except()", test, "except", "in parentheses");
        assert_error("only(smol), except(std)", test, "except", "one list");
        let all = "except(tokio_multi_thread, tokio_current_thread, smol, async_std, futures_local_pool, \
                   futures_thread_pool, pollster, std)";
        assert_error(all, test, "except", "no executor is left");
        assert_error("time_limit = \"5\"", test, "\"5\"", "a unit");
        assert_error("time_limit = \"0 s\"", test, "\"0 s\"", "above zero");
        assert_error("time_limit = \"1 s\", time_limit = \"2 s\"", test, "time_limit", "twice");
    }

    #[test]
    fn a_test_attribute_is_an_error() {
        assert_error("", "#[test] async fn t() {}", "test", "remove this attribute");
        assert_error("", "#[tokio::test] async fn t() {}", "tokio::test", "remove this attribute");
    }
}
