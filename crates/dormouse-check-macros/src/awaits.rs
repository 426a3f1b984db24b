//! Rewrites each `.await` in the source of a test, so that a test that hangs can report where.
//!
//! `future.await` becomes `awaited(future, await_point("future")).await`, with the source position of the `await`. This
//! includes awaits in closures, async blocks and inner functions of the test, and in the arguments of some well-known
//! macros that take expressions. The arguments of all other macros stay unchanged.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Macro, Path, Token};

/// Macros whose arguments are expressions, by the last segment of their path.
const EXPRESSION_MACROS: [&str; 20] = [
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

/// The text of an awaited expression is shortened above this length, in characters.
const MAX_TEXT_CHARS: usize = 60;

/// Rewrites the awaits of a test. `root` is the path of dormouse-check.
pub(crate) fn rewrite(body: &mut Block, root: &Path) {
    AwaitRewriter { root, count: 0 }.visit_block_mut(body);
}

struct AwaitRewriter<'a> {
    root: &'a Path,
    /// The number of rewritten awaits.
    count: usize,
}

impl VisitMut for AwaitRewriter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        // Taken before the expressions inside are rewritten.
        let source = match expr {
            Expr::Await(awaiting) => awaiting.base.to_token_stream(),
            _ => TokenStream::new(),
        };
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Await(awaiting) = expr {
            self.count += 1;
            // A function argument needs no parentheses; rustc would warn about them.
            let mut future = &*awaiting.base;
            while let Expr::Paren(paren) = future {
                future = &paren.expr;
            }
            *awaiting.base =
                Expr::Verbatim(call(self.root, future, source, awaiting.await_token.span));
        }
    }

    fn visit_macro_mut(&mut self, called: &mut Macro) {
        let Some(name) = called.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        if !EXPRESSION_MACROS.contains(&name.as_str()) {
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
        // Without a message, `assert!` would print the rewritten expression.
        if name.ends_with("assert") && arguments.len() == 1 {
            let asserted = asserted.unwrap_or_default().to_string().replace(" :: ", "::");
            let message = format!("assertion failed: {asserted}");
            arguments.push(syn::parse_quote!("{}"));
            arguments.push(syn::parse_quote!(#message));
        }
        called.tokens = arguments.into_token_stream();
    }
}

/// The call that tracks a future. `source` is the awaited expression, `at` the span of the `await`.
///
/// The call has the start and end of `source` as its span, so errors and lints point to the same source as without it.
fn call(root: &Path, future: &Expr, source: TokenStream, at: Span) -> TokenStream {
    let begin = source.clone().into_iter().next().map_or(at, |tree| tree.span());
    let end = source.clone().into_iter().last().map_or(at, |tree| tree.span());
    let text = text(source);
    let (root_at, root_begin) = (respan(root, at), respan(root, begin));
    let await_point = quote_spanned!(at=> #root_at::__private::await_point(#text));
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#future, #await_point));
    arguments.set_span(end);
    quote_spanned!(begin=> #root_begin::__private::awaited #arguments)
}

/// The path, as if it stood at `span`: the position of a call is that of its first token.
fn respan(path: &Path, span: Span) -> TokenStream {
    let tokens = path.to_token_stream().into_iter().map(|mut tree| {
        tree.set_span(span);
        tree
    });
    tokens.collect()
}

/// An awaited expression on one line, close to its form in the source.
fn text(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
    if text.chars().count() > MAX_TEXT_CHARS {
        let end: String = text.chars().skip(text.chars().count() - MAX_TEXT_CHARS / 3).collect();
        let head: String = text.chars().take(MAX_TEXT_CHARS - MAX_TEXT_CHARS / 3).collect();
        text = format!("{head} ... {end}");
    }
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    for tree in tokens {
        // The source text of a group includes its content and spaces.
        let part = match (tree.span().source_text(), &tree) {
            (_, TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
                write(group.stream(), text);
                continue;
            }
            (Some(source), TokenTree::Group(_)) => source,
            (_, tree) => tree.to_string(),
        };
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let needs_space = text.ends_with(is_word) && part.starts_with(is_word)
            || text.ends_with(|c| is_word(c) || c == ')') && part.starts_with('{')
            || text.ends_with(',');
        if needs_space {
            text.push(' ');
        }
        text.push_str(&part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rewritten body, with the path of `awaited` and `await_point` removed.
    fn rewritten(body: &str) -> String {
        let mut body: Block = syn::parse_str(body).expect("a valid block");
        rewrite(&mut body, &syn::parse_quote!(root));
        let short = body.to_token_stream().to_string();
        short.replace("root :: __private :: ", "")
    }

    fn expected(body: &str) -> String {
        let body: Block = syn::parse_str(body).expect("a valid block");
        body.to_token_stream().to_string()
    }

    #[test]
    fn an_await_is_rewritten_with_the_text_of_its_future() {
        assert_eq!(
            rewritten("{ receiver.recv().await?; }"),
            expected(r#"{ awaited(receiver.recv(), await_point("receiver.recv()")).await?; }"#)
        );
    }

    #[test]
    fn nested_awaits_are_rewritten() {
        assert_eq!(
            rewritten("{ join(a, async move { b.await }).await.c().await }"),
            expected(
                r#"{ awaited(awaited(join(a, async move { awaited(b, await_point("b")).await }), await_point("join(a, async move { b.await })"))
                    .await.c(), await_point("join(a, async move { b.await }).await.c()")).await }"#
            )
        );
        assert_eq!(
            rewritten("{ let f = async || (&mut x).await; }"),
            expected(r#"{ let f = async || awaited(&mut x, await_point("(&mut x)")).await; }"#)
        );
    }

    #[test]
    fn arguments_of_known_macros_are_rewritten_and_others_stay_unchanged() {
        assert_eq!(
            rewritten("{ assert_eq!(a.await, 1, \"of {b}\"); vec![c.await]; }"),
            expected(
                r#"{ assert_eq!(awaited(a, await_point("a")).await, 1, "of {b}"); vec![awaited(c, await_point("c")).await]; }"#
            )
        );
        assert_eq!(
            rewritten("{ assert!(a.await); assert!(b); }"),
            expected(
                r#"{ assert!(awaited(a, await_point("a")).await, "{}", "assertion failed: a . await"); assert!(b); }"#
            )
        );
        assert_eq!(
            rewritten("{ tokio::join!(a, async { b.await }) }"),
            expected(r#"{ tokio::join!(a, async { awaited(b, await_point("b")).await }) }"#)
        );
        let others = "{ select! { x = a.await => {} } ; std::vec![7; a.await]; }";
        assert_eq!(rewritten(others), expected(others));
    }

    #[test]
    fn the_text_is_one_line_and_shortened() {
        let text_of = |source: &str| text(source.parse().expect("valid tokens"));
        assert_eq!(
            text_of("client\n    .get::<Vec<u8>>( url,\n  7 )\n    .send()"),
            "client.get::<Vec<u8>>( url, 7 ).send()"
        );
        assert_eq!(text_of("async move { 1 }"), "async move { 1 }");
        assert_eq!(text_of("match x { _ => y }"), "match x { _ => y }");
        assert!(text_of(&format!("f({})", "7, ".repeat(100))).chars().count() < 2 * MAX_TEXT_CHARS);
    }
}
