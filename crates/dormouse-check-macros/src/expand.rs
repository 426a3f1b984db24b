//! Expands the attribute to the original function and a module of the same name with one test for each executor.

use crate::attributes::Attributes;
use crate::awaits;
use crate::executor::{BuiltIn, Executor, THREAD_POOL};
use crate::options::Options;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemFn, Path, Result};

pub(crate) fn expand(options: TokenStream, test: TokenStream) -> Result<TokenStream> {
    let options: Options = syn::parse2(options)?;
    let mut test: ItemFn = syn::parse2(test)?;
    check(&test)?;
    let attributes = Attributes::sort(std::mem::take(&mut test.attrs))?;
    awaits::rewrite(&mut test.block, &options.root);

    let (for_function, for_module) = (&attributes.function, &attributes.module);
    let in_tests = quote!(#[cfg(test)] #(#for_module)*);
    let name = &test.sig.ident;
    let outside_of_tests = outside_of_tests(name);
    let no_executor = no_executor(&options, name);
    let body = reachable_name(name);
    let functions = options.executors.iter().filter_map(|executor| match executor {
        Executor::Function(path) => {
            let wrapper = wrapper(path, name, &options.root);
            Some(quote!(#in_tests #wrapper))
        }
        Executor::BuiltIn(_) => None,
    });
    let tests = options.executors.iter().map(|executor| {
        let test = test_on(executor, name, &attributes, &options);
        match executor {
            Executor::BuiltIn(built_in) => if_compiled_in(*built_in, test, &options),
            Executor::Function(_) => test,
        }
    });
    Ok(quote! {
        #[cfg(not(test))]
        #(#for_module)*
        #outside_of_tests

        // Unused if no executor of the list is compiled in.
        #[cfg(test)]
        #[allow(dead_code)]
        #(#for_function)*
        #test

        #in_tests
        #[allow(unused_imports)]
        use #name as #body;

        #(#functions)*

        #in_tests
        mod #name {
            #no_executor
            #(#tests)*
        }
    })
}

/// The name by which the module with the generated tests calls the function. If the function is nested in another one,
/// the compiler prints that it cannot find this name.
fn reachable_name(name: &Ident) -> Ident {
    format_ident!("{name}_must_not_be_nested_in_a_function")
}

/// An error, for code that is compiled without the test harness, which would drop the tests silently.
fn outside_of_tests(name: &Ident) -> TokenStream {
    let message = format!(
        "`{name}` would never run, because this code is compiled without the test harness: move it into a module with \
         `#[cfg(test)]`; in a doc test, begin the code block with ```test_harness"
    );
    quote_spanned!(name.span()=> ::core::compile_error! { #message })
}

/// An error if the list leaves the choice to the features, and none is enabled.
fn no_executor(options: &Options, name: &Ident) -> TokenStream {
    let has_function = |executor: &Executor| matches!(executor, Executor::Function(_));
    if options.only.is_some() || options.executors.iter().any(has_function) {
        return quote!();
    }
    let root = &options.root;
    let message = "no executor is compiled in: enable one of the features `tokio`, `smol`, `async-std`, `futures` and \
                   `pollster` of dormouse-check (`executors` enables all), or write `only(std)`";
    quote_spanned!(name.span()=> #root::__private::any! { {} else { ::core::compile_error! { #message } } })
}

/// The test, if its executor is compiled in. Otherwise nothing, or an error if `only(...)` names the executor.
fn if_compiled_in(executor: BuiltIn, test: TokenStream, options: &Options) -> TokenStream {
    let (root, name) = (&options.root, executor.name);
    let Some(feature) = executor.feature else { return test };
    let cfg_macro = executor.cfg_macro(Span::call_site());
    let missing = options.only.map(|only| {
        let message =
            format!("the executor `{name}` needs the feature `{feature}` of dormouse-check");
        quote_spanned!(only=> ::core::compile_error! { #message })
    });
    quote!(#root::__private::#cfg_macro! { { #test } else { #missing } })
}

/// A function beside the test, where the path of the user's function has its meaning.
fn wrapper(path: &Path, test: &Ident, root: &Path) -> TokenStream {
    let name = wrapper_name(path, test);
    // Errors about the type of the function point to its path.
    let call = quote_spanned!(path.span()=> #path(future));
    quote! {
        fn #name(future: #root::__private::LocalBoxFuture) {
            let _ = #call;
        }
    }
}

fn wrapper_name(path: &Path, test: &Ident) -> Option<Ident> {
    path.segments.last().map(|last| format_ident!("{test}_on_{}", last.ident))
}

fn test_on(
    executor: &Executor,
    body: &Ident,
    attributes: &Attributes,
    options: &Options,
) -> TokenStream {
    let (for_test, should_panic) = (&attributes.test, attributes.should_panic());
    let root = &options.root;
    let name = format_ident!("{}", executor.test_name(), span = body.span());
    let limit = u64::try_from(options.time_limit.as_millis()).unwrap_or(u64::MAX);
    let test = quote! {
        #root::__private::Test {
            time_limit: ::core::time::Duration::from_millis(#limit),
            should_panic: #should_panic,
        }
    };
    // Errors about bounds, such as a missing `Send`, point to the name of the test, and so does a timeout panic.
    let at = body.span();
    let reachable = reachable_name(body);
    let run = match executor {
        Executor::BuiltIn(BuiltIn { name: THREAD_POOL, .. }) => {
            quote_spanned!(at=> #root::__private::run_on_thread_pool(#test, super::#reachable))
        }
        Executor::BuiltIn(built_in) => {
            let executor = format_ident!("{}", built_in.name.to_uppercase());
            quote_spanned!(at=> #root::__private::run(#root::__private::#executor, #test, super::#reachable))
        }
        Executor::Function(path) => {
            let (label, function) = (executor.test_name(), wrapper_name(path, body));
            let executor = quote!(#root::__private::Executor::new(#label, super::#function));
            quote_spanned!(at=> #root::__private::run(#executor, #test, super::#reachable))
        }
    };
    quote! {
        #(#for_test)*
        #[test]
        fn #name() {
            #run;
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
        assert_error("only()", test, "only", "no executor is left");
        assert_error("executors = my::runtime", test, "executors", "`executors = [my::runtime]`");
        assert_error("executors = []", test, "executors", "`executors = [my::runtime]`");
        assert_error("executors = [a::run, b::run]", test, "b::run", "two executors");
        assert_error("executors = [my::smol]", test, "my::smol", "two executors");
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
