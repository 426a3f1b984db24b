//! In place of `context.rs` in JavaScript hosts: a thread that blocks would block the host, so there is no `block_on`.

#[inline]
pub(crate) fn in_block_on() -> bool {
    false
}
