//! What becomes of the other attributes of a test.
//!
//! A test is taken apart into the function that was written and one test function for each executor. An
//! attribute goes where it has its effect: what is about the code, to the code; what is about the test
//! (`should_panic`, `ignore`, those of other crates), to each test; `cfg`, to both.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Meta, Result, Token};

/// The attributes of a test, by where they go.
#[derive(Default)]
pub(crate) struct Attributes {
    /// On the function.
    pub(crate) code: Vec<Attribute>,
    /// On each test.
    pub(crate) test: Vec<Attribute>,
    /// On the module around the tests.
    pub(crate) around: Vec<Attribute>,
    /// Under which conditions the test should panic.
    should_panic: Vec<TokenStream>,
}

impl Attributes {
    pub(crate) fn sort(attributes: Vec<Attribute>) -> Result<Attributes> {
        let mut sorted = Attributes::default();
        for attribute in attributes {
            if attribute.path().is_ident("cfg_attr") {
                let mut parts = attribute
                    .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?
                    .into_iter();
                let Some(condition) = parts.next() else { continue };
                for meta in parts {
                    let attribute = syn::parse_quote!(#[cfg_attr(#condition, #meta)]);
                    sorted.put(attribute, &meta, quote!(::core::cfg!(#condition)))?;
                }
            } else {
                let meta = attribute.meta.clone();
                sorted.put(attribute, &meta, quote!(true))?;
            }
        }
        Ok(sorted)
    }

    /// Puts an attribute where it belongs by its `meta`, which holds under a condition.
    fn put(&mut self, attribute: Attribute, meta: &Meta, condition: TokenStream) -> Result<()> {
        const OF_THE_CODE: [&str; 9] = [
            "allow",
            "warn",
            "deny",
            "forbid",
            "expect",
            "doc",
            "inline",
            "must_use",
            "track_caller",
        ];
        let path = meta.path();
        if path.is_ident("cfg") {
            self.code.push(attribute.clone());
            self.around.push(attribute);
        } else if OF_THE_CODE.iter().any(|name| path.is_ident(name)) {
            self.code.push(attribute);
        } else if path.segments.last().is_some_and(|name| name.ident == "test") {
            return Err(Error::new_spanned(
                meta,
                "leave this attribute out: `every_executor` makes the tests, and runs them",
            ));
        } else {
            if path.is_ident("should_panic") {
                self.should_panic.push(condition);
            }
            self.test.push(attribute);
        }
        Ok(())
    }

    /// An expression: whether the test should panic.
    pub(crate) fn should_panic(&self) -> TokenStream {
        match &*self.should_panic {
            [] => quote!(false),
            conditions => quote!(#(#conditions)||*),
        }
    }
}
