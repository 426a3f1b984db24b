//! The halves of a `TcpStream`.

use crate::net::TcpStream;
use std::io;
use std::net::SocketAddr;

macro_rules! example {
    () => {
        "# let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;
# let inner = std::net::TcpStream::connect(listener.local_addr()?)?;
# let mut peer = listener.accept()?.0;
# std::io::Write::write_all(&mut peer, b\"hello\")?;
# let socket = dormouse::net::TcpStream::from_std(inner)?;"
    };
}

halves!(TcpStream(std::net::TcpStream), "tcp", SocketAddr, example!());

macro_rules! peek {
    ($Half:ty, $example:expr) => {
        impl $Half {
            /// Like [`read`](Self::read), but leaves the bytes in the receive queue.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $example]
            /// # dormouse::block_on(async {
            /// assert_eq!(socket.peek(&mut [0; 2]).await?, 2);
            /// assert_eq!(socket.read(&mut [0; 16]).await?, 5);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            ///
            /// # Errors
            /// Those of [`TcpStream::peek`].
            ///
            /// # Cancel safety
            /// No data is lost.
            pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
                AsRef::<TcpStream>::as_ref(self).peek(buffer).await
            }
        }
    };
}

peek!(
    ReadHalf<'_>,
    concat!(example!(), "\n# let mut stream = socket;\n# let (socket, _write) = stream.split();")
);
peek!(OwnedReadHalf, concat!(example!(), "\n# let (socket, _write) = socket.into_split();"));
