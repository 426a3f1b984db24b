//! Distributes the other attributes of a test over the generated items.
//!
//! The expansion consists of the original function and a module with one test function for each executor. Attributes
//! about the code (lint levels, `doc`, ...) go to the original function. Attributes about the test (`should_panic`,
//! `ignore`, those of other crates) go to each generated test. `cfg` goes to the function and to the module.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Meta, Result, Token};

/// The attributes of a test, grouped by the item they go to.
#[derive(Default)]
pub(crate) struct Attributes {
    /// For the original function.
    pub(crate) function: Vec<Attribute>,
    /// For each generated test.
    pub(crate) test: Vec<Attribute>,
    /// For the module that contains the generated tests.
    pub(crate) module: Vec<Attribute>,
    /// The conditions of the `should_panic` attributes.
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
                    sorted.add(attribute, &meta, quote!(::core::cfg!(#condition)))?;
                }
            } else {
                let meta = attribute.meta.clone();
                sorted.add(attribute, &meta, quote!(true))?;
            }
        }
        Ok(sorted)
    }

    /// Adds an attribute to its group. `meta` is the attribute without a `cfg_attr`; `condition` is that of the
    /// `cfg_attr`.
    fn add(&mut self, attribute: Attribute, meta: &Meta, condition: TokenStream) -> Result<()> {
        const FUNCTION_ATTRIBUTES: [&str; 9] = [
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
            self.function.push(attribute.clone());
            self.module.push(attribute);
        } else if FUNCTION_ATTRIBUTES.iter().any(|name| path.is_ident(name)) {
            self.function.push(attribute);
        } else if path.segments.last().is_some_and(|name| name.ident == "test") {
            return Err(Error::new_spanned(
                meta,
                "remove this attribute: `every_executor` generates the test functions",
            ));
        } else {
            if path.is_ident("should_panic") {
                self.should_panic.push(condition);
            }
            self.test.push(attribute);
        }
        Ok(())
    }

    /// A boolean expression: whether the test should panic.
    pub(crate) fn should_panic(&self) -> TokenStream {
        match &*self.should_panic {
            [] => quote!(false),
            conditions => quote!(#(#conditions)||*),
        }
    }
}
