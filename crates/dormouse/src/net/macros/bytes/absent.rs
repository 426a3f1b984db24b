//! Without the feature `bytes`, a type has no methods for its buffers.

macro_rules! read_buf {
    ($($type:tt)*) => {};
}

macro_rules! write_buf {
    ($($type:tt)*) => {};
}

macro_rules! recv_buf {
    ($($type:tt)*) => {};
}

macro_rules! recv_buf_from {
    ($($type:tt)*) => {};
}
