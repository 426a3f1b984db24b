//! What the attribute becomes: the function as it was written, and beside it a module of the same name with a
//! test for each executor.

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

    let (of_the_code, around) = (&attributes.code, &attributes.around);
    let name = &test.sig.ident;
    // None of its executors may be compiled in.
    let may_be_unused = match options.executors.contains(&executor::STD) {
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
        #may_be_unused
        #(#of_the_code)*
        #test

        #[cfg(test)]
        #(#around)*
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
    let (of_the_test, should_panic) = (&attributes.test, attributes.should_panic());
    let body = &test.sig.ident;
    let name = format_ident!("{}", executor.name, span = body.span());
    let limit = u64::try_from(time_limit_ms).unwrap_or(u64::MAX);
    let test_of = quote! {
        ::dormouse_check::__private::Test {
            time_limit: ::core::time::Duration::from_millis(#limit),
            should_panic: #should_panic,
        }
    };
    // What is asked of the test is an error at its name, and so is its panic when it takes too long.
    let at = body.span();
    let run = if executor.name == THREAD_POOL {
        quote_spanned!(at=> ::dormouse_check::__private::run_on_thread_pool(#test_of, super::#body))
    } else {
        let executor = format_ident!("{}", executor.name.to_uppercase());
        quote_spanned! {at=>
            ::dormouse_check::__private::run(
                ::dormouse_check::__private::#executor,
                #test_of,
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
        #(#of_the_test)*
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

/// Whether it can be a test.
fn check(test: &ItemFn) -> Result<()> {
    let signature = &test.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(
            signature.fn_token,
            "make it an `async fn`; a test that is not async needs `#[test]` and no executor",
        ));
    }
    if let Some(argument) = signature.inputs.first() {
        return Err(Error::new_spanned(
            argument,
            "a test takes no arguments: make what it needs in its body",
        ));
    }
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new_spanned(
            parameter,
            "a test cannot be generic: write the generic code as a function, and a test for each type that calls it",
        ));
    }
    if let Some(unsafety) = &signature.unsafety {
        return Err(Error::new_spanned(
            unsafety,
            "a test is called by the harness and cannot be `unsafe`: put an `unsafe` block into its body",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    /// Expands `#[every_executor(options)] test`, which has to be an error; says at which source it points.
    fn error(options: &str, test: &str) -> (String, String) {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("these are tokens");
        let error = expand(tokens(options), tokens(test)).expect_err("it is an error");
        (Span::source_text(&error.span()).unwrap_or_default(), error.to_string())
    }

    #[track_caller]
    fn points_and_says(options: &str, test: &str, place: &str, words: &str) {
        let (source, message) = error(options, test);
        assert_eq!(source, place, "{message}");
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn errors_of_the_function_point_at_what_is_wrong_and_say_what_to_do() {
        points_and_says("", "fn t() {}", "fn", "make it an `async fn`");
        points_and_says(
            "",
            "async fn t(a: u8, b: u8) {}",
            "a: u8",
            "make what it needs in its body",
        );
        points_and_says("", "async fn t<T: Copy>() {}", "T: Copy", "a test for each type");
        points_and_says("", "async unsafe fn t() {}", "unsafe", "`unsafe` block");
    }

    #[test]
    fn errors_of_the_options_point_at_what_is_wrong_and_say_what_to_do() {
        let test = "async fn t() {}";
        points_and_says("timeout = 5", test, "timeout", "`time_limit = \"5 s\"`");
        points_and_says("only(smol, tokyo)", test, "tokyo", "`tokio_multi_thread`");
        points_and_says("only(smol, smol)", test, "smol", "named twice");
        points_and_says("only", test, "only", "in parentheses");
        points_and_says("except()", test, "except", "in parentheses");
        points_and_says("only(smol), except(std)", test, "except", "one list");
        let all = "except(tokio_multi_thread, tokio_current_thread, smol, async_std, futures_local_pool, \
                   futures_thread_pool, pollster, std)";
        points_and_says(all, test, "except", "no executor is left");
        points_and_says("time_limit = \"5\"", test, "\"5\"", "a unit");
        points_and_says("time_limit = \"0 s\"", test, "\"0 s\"", "above zero");
        points_and_says("time_limit = \"1 s\", time_limit = \"2 s\"", test, "time_limit", "twice");
    }

    #[test]
    fn a_test_attribute_is_too_many() {
        points_and_says("", "#[test] async fn t() {}", "test", "leave this attribute out");
        points_and_says(
            "",
            "#[tokio::test] async fn t() {}",
            "tokio::test",
            "leave this attribute out",
        );
    }
}
