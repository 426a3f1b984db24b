//! Options of sockets. The list is in `options.rs`.

/// A getter and a setter for each of the types, around those of `socket2` after `=`. `$value` is the value in the example of
/// the setter. After a type stands the name of the object in its [examples](super::examples).
macro_rules! option {
    (
        $get:ident = $inner_get:ident, $set:ident = $inner_set:ident, $Value:ty, $value:literal, $what:literal,
        $($Type:ident($name:ident $($v6:ident)?)),+
    ) => {$(
        impl $Type {
            #[doc = concat!("Returns ", $what)]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type $($v6)?)]
            #[doc = concat!("println!(\"{:?}\", ", stringify!($name), ".", stringify!($get), "()?);")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn $get(&self) -> std::io::Result<$Value> {
                socket2::SockRef::from(self).$inner_get()
            }

            #[doc = concat!("Sets ", $what)]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # dormouse::block_on(async {
            #[doc = example_set_up!($Type $($v6)?)]
            #[doc = concat!(stringify!($name), ".", stringify!($set), "(", $value, ")?;")]
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of setsockopt(2).
            pub fn $set(&self, new: $Value) -> std::io::Result<()> {
                socket2::SockRef::from(self).$inner_set(new)
            }
        }
    )+};
}
