//! Options of sockets.

/// A getter and a setter: those of std with the same names, or those of `socket2` after `=`. `$value` is the value in the
/// example of the setter.
macro_rules! option {
    (
        $Type:ty, $example:expr, $get:ident, $set:ident, $Value:ty, $value:literal, $what:literal
    ) => {
        option!(@methods $Type, $example, $get, $set, $Value, $value, $what,
            socket => socket.as_ref().$get(),
            new => socket.as_ref().$set(new));
    };
    (
        $Type:ty, $example:expr, $get:ident = $inner_get:ident, $set:ident = $inner_set:ident,
        $Value:ty, $value:literal, $what:literal
    ) => {
        option!(@methods $Type, $example, $get, $set, $Value, $value, $what,
            socket => socket2::SockRef::from(socket).$inner_get(),
            new => socket2::SockRef::from(socket).$inner_set(new));
    };
    (
        @methods $Type:ty, $example:expr, $get:ident, $set:ident, $Value:ty, $value:literal, $what:literal,
        $socket:ident => $get_body:expr, $new:ident => $set_body:expr
    ) => {
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
                let $socket = self;
                $get_body
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
            pub fn $set(&self, $new: $Value) -> std::io::Result<()> {
                let $socket = self;
                $set_body
            }
        }
    };
}

macro_rules! linger {
    ($Type:ty, $example:expr) => {
        option!(
            $Type,
            $example,
            linger = linger,
            set_linger = set_linger,
            Option<std::time::Duration>,
            "None",
            "how long closing the socket blocks the thread to send unsent bytes (`SO_LINGER`). `None`, the default: the \
             system sends them in the background."
        );

        impl $Type {
            /// Makes closing the socket reset the connection (`SO_LINGER` with a time of 0). Unsent bytes are discarded.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// socket.set_zero_linger()?;
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of setsockopt(2).
            pub fn set_zero_linger(&self) -> std::io::Result<()> {
                self.set_linger(Some(std::time::Duration::ZERO))
            }
        }
    };
}
