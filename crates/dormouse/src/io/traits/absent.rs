//! Without the feature, a type implements none of its traits.

macro_rules! impl_read {
    ($($type:tt)*) => {};
}

macro_rules! impl_write {
    ($($type:tt)*) => {};
}

pub(crate) use {impl_read, impl_write};
