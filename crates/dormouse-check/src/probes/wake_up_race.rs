//! An event in the middle of a poll: it must cause a wake-up if that poll returns Pending.

mod at_clone;
mod lost;
mod sweep;

use crate::finding::Finding;
use crate::probes::context::ProbeContext;
use lost::LostCheck;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let check = LostCheck::new(context);
    at_clone::probe(context, check).or_else(|| sweep::probe(context, check))
}
