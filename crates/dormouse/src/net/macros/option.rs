//! Options of sockets.

/// A getter and a setter of std's type. `$value` is the value in the example.
macro_rules! option {
    ($Type:ty, $example:expr, $get:ident, $set:ident, $Value:ty, $value:literal, $what:literal) => {
        impl $Type {
            #[doc = concat!("Returns ", $what)]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            #[doc = concat!("println!(\"{:?}\", socket.", stringify!($get), "()?);")]
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of getsockopt(2).
            pub fn $get(&self) -> std::io::Result<$Value> {
                self.as_ref().$get()
            }

            #[doc = concat!("Sets ", $what)]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            #[doc = concat!("socket.", stringify!($set), "(", $value, ")?;")]
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of setsockopt(2).
            pub fn $set(&self, value: $Value) -> std::io::Result<()> {
                self.as_ref().$set(value)
            }
        }
    };
}
