//! Each `.await` in the source of a test is rewritten, so that a test that hangs can say where.
//!
//! `future.await` becomes `awaited(future, place("future")).await`; the place is that of the `await` in the source. That
//! goes for closures, async blocks and functions inside of the test too, and for the arguments of some well-known macros that
//! take expressions. What is inside of other macros is theirs and stays as it is.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Macro, Token};

/// Macros whose arguments are expressions, by the last part of their path.
const OF_EXPRESSIONS: [&str; 20] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "join",
    "panic",
    "pin",
    "print",
    "println",
    "try_join",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// A longer text of an awaited expression is cut off.
const LONGEST: usize = 60;

/// Rewrites the awaits of a test.
pub(crate) fn rewrite(body: &mut Block) {
    Awaits::default().visit_block_mut(body);
}

#[derive(Default)]
struct Awaits {
    /// How many have been rewritten.
    count: usize,
}

impl VisitMut for Awaits {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        // Before what is inside of it is rewritten.
        let source = match expr {
            Expr::Await(awaiting) => awaiting.base.to_token_stream(),
            _ => TokenStream::new(),
        };
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Await(awaiting) = expr {
            self.count += 1;
            // As an argument, it needs no parentheses.
            let mut future = &*awaiting.base;
            while let Expr::Paren(paren) = future {
                future = &paren.expr;
            }
            *awaiting.base = Expr::Verbatim(call(future, source, awaiting.await_token.span));
        }
    }

    fn visit_macro_mut(&mut self, called: &mut Macro) {
        let Some(name) = called.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        if !OF_EXPRESSIONS.contains(&name.as_str()) {
            return;
        }
        let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
        let Ok(mut arguments) = called.parse_body_with(parse) else { return };
        let (before, asserted) = (self.count, arguments.first().map(ToTokens::to_token_stream));
        for argument in &mut arguments {
            self.visit_expr_mut(argument);
        }
        if self.count == before {
            return;
        }
        // It would print what the assertion has become.
        if name.ends_with("assert") && arguments.len() == 1 {
            let asserted = asserted.unwrap_or_default().to_string().replace(" :: ", "::");
            let message = format!("assertion failed: {asserted}");
            arguments.push(syn::parse_quote!("{}"));
            arguments.push(syn::parse_quote!(#message));
        }
        called.tokens = arguments.into_token_stream();
    }
}

/// The call that watches a future, whose `source` is awaited `at` some place.
///
/// The call takes the place of that source: it begins where it begins and ends where it ends. So errors and lints point
/// where they would point without it.
fn call(future: &Expr, source: TokenStream, at: Span) -> TokenStream {
    let begin = source.clone().into_iter().next().map_or(at, |tree| tree.span());
    let end = source.clone().into_iter().last().map_or(at, |tree| tree.span());
    let text = text(source);
    let place = quote_spanned!(at=> ::dormouse_check::__private::place(#text));
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#future, #place));
    arguments.set_span(end);
    quote_spanned!(begin=> ::dormouse_check::__private::awaited #arguments)
}

/// An awaited expression on one line, about as it stands in the source.
fn text(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
    if text.chars().count() > LONGEST {
        let end: String = text.chars().skip(text.chars().count() - LONGEST / 3).collect();
        let head: String = text.chars().take(LONGEST - LONGEST / 3).collect();
        text = format!("{head} ... {end}");
    }
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    for tree in tokens {
        // Of a group, the text has everything in between, spaces and all.
        let part = match (tree.span().source_text(), &tree) {
            (_, TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
                write(group.stream(), text);
                continue;
            }
            (Some(source), TokenTree::Group(_)) => source,
            (_, tree) => tree.to_string(),
        };
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        let of_word = |c: char| c.is_alphanumeric() || c == '_';
        let apart = text.ends_with(of_word) && part.starts_with(of_word)
            || text.ends_with(|c| of_word(c) || c == ')') && part.starts_with('{')
            || text.ends_with(',');
        if apart {
            text.push(' ');
        }
        text.push_str(&part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test's body, rewritten, with `awaited` short for its path.
    fn rewritten(body: &str) -> String {
        let mut body: Block = syn::parse_str(body).expect("it is a block");
        rewrite(&mut body);
        let short = body.to_token_stream().to_string();
        short.replace(":: dormouse_check :: __private :: ", "")
    }

    fn expected(body: &str) -> String {
        let body: Block = syn::parse_str(body).expect("it is a block");
        body.to_token_stream().to_string()
    }

    #[test]
    fn an_await_says_what_it_awaits() {
        assert_eq!(
            rewritten("{ receiver.recv().await?; }"),
            expected(r#"{ awaited(receiver.recv(), place("receiver.recv()")).await?; }"#)
        );
    }

    #[test]
    fn awaits_are_found_wherever_they_are() {
        assert_eq!(
            rewritten("{ join(a, async move { b.await }).await.c().await }"),
            expected(
                r#"{ awaited(awaited(join(a, async move { awaited(b, place("b")).await }), place("join(a, async move { b.await })"))
                    .await.c(), place("join(a, async move { b.await }).await.c()")).await }"#
            )
        );
        assert_eq!(
            rewritten("{ let f = async || (&mut x).await; }"),
            expected(r#"{ let f = async || awaited(&mut x, place("(&mut x)")).await; }"#)
        );
    }

    #[test]
    fn arguments_of_known_macros_are_rewritten_and_others_left_alone() {
        assert_eq!(
            rewritten("{ assert_eq!(a.await, 1, \"of {b}\"); vec![c.await]; }"),
            expected(
                r#"{ assert_eq!(awaited(a, place("a")).await, 1, "of {b}"); vec![awaited(c, place("c")).await]; }"#
            )
        );
        assert_eq!(
            rewritten("{ assert!(a.await); assert!(b); }"),
            expected(
                r#"{ assert!(awaited(a, place("a")).await, "{}", "assertion failed: a . await"); assert!(b); }"#
            )
        );
        assert_eq!(
            rewritten("{ tokio::join!(a, async { b.await }) }"),
            expected(r#"{ tokio::join!(a, async { awaited(b, place("b")).await }) }"#)
        );
        let others = "{ select! { x = a.await => {} } ; std::vec![7; a.await]; }";
        assert_eq!(rewritten(others), expected(others));
    }

    #[test]
    fn a_text_is_one_line_and_not_long() {
        let of = |source: &str| text(source.parse().expect("these are tokens"));
        assert_eq!(
            of("client\n    .get::<Vec<u8>>( url,\n  7 )\n    .send()"),
            "client.get::<Vec<u8>>( url, 7 ).send()"
        );
        assert_eq!(of("async move { 1 }"), "async move { 1 }");
        assert_eq!(of("match x { _ => y }"), "match x { _ => y }");
        assert!(of(&format!("f({})", "7, ".repeat(100))).chars().count() < 2 * LONGEST);
    }
}
