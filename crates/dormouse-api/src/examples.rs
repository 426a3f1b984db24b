//! Which public items have no example.
//!
//! Items that need one are types, traits, functions, methods, constants and macros. Variants, fields, associated types
//! and methods of other crates' traits need none: the item that they belong to, or the trait, has it. A module's page
//! shows the items.

use rustdoc_types::{Crate, Id, Item, ItemEnum};
use std::collections::{BTreeSet, HashSet};

/// The paths of the public items without a code block in their docs. An item with several paths is listed once.
pub(crate) fn missing(library: &Crate) -> BTreeSet<String> {
    let mut search = Search { library, seen: HashSet::new(), missing: BTreeSet::new() };
    search.visit(library.root, "");
    search.missing
}

struct Search<'a> {
    library: &'a Crate,
    seen: HashSet<Id>,
    missing: BTreeSet<String>,
}

impl Search<'_> {
    /// `parent` is the path of the module, type or trait with this item.
    fn visit(&mut self, id: Id, parent: &str) {
        // An item of another crate, which is re-exported, is not in the index.
        let Some(item) = self.library.index.get(&id) else { return };
        if let ItemEnum::Use(import) = &item.inner {
            if let Some(target) = import.id {
                self.visit(target, parent);
            }
            return;
        }
        if !self.seen.insert(id) {
            return;
        }
        let path = path_of(item, parent);
        if needs_example(item) && !has_example(item) {
            self.missing.insert(path.clone());
        }
        for child in self.children(item) {
            self.visit(child, &path);
        }
    }

    /// The items in a module, the methods of a type, and those of a trait.
    fn children(&self, item: &Item) -> Vec<Id> {
        let impls = match &item.inner {
            ItemEnum::Module(module) => return module.items.clone(),
            ItemEnum::Trait(definition) => return definition.items.clone(),
            ItemEnum::Struct(definition) => &definition.impls,
            ItemEnum::Enum(definition) => &definition.impls,
            ItemEnum::Union(definition) => &definition.impls,
            _ => return Vec::new(),
        };
        let blocks = impls.iter().filter_map(|id| self.library.index.get(id));
        blocks
            .filter_map(|block| match &block.inner {
                ItemEnum::Impl(block) if block.trait_.is_none() => Some(block.items.clone()),
                _ => None,
            })
            .flatten()
            .collect()
    }
}

fn path_of(item: &Item, parent: &str) -> String {
    match &item.name {
        Some(name) if parent.is_empty() => name.clone(),
        Some(name) => format!("{parent}::{name}"),
        None => parent.to_owned(),
    }
}

fn needs_example(item: &Item) -> bool {
    !matches!(item.inner, ItemEnum::Module(_) | ItemEnum::AssocType { .. })
}

fn has_example(item: &Item) -> bool {
    item.docs.as_ref().is_some_and(|docs| docs.contains("```"))
}
