//! The attribute of `dormouse-check`.
