//! What a check of a sink or a writer shows to the predicate of the test.

use std::fmt;
use std::pin::Pin;

/// A sink or a writer after its last operation: `T` of [`Check<T>`](crate::Check) where the object itself holds what was
/// written.
///
/// ```
/// # #[cfg(feature = "futures-sink")] {
/// dormouse_check::check_sink(Vec::<u8>::new, [1, 2, 3])
///     .expect_output(|finished| finished.result().is_ok() && *finished.get_ref() == [1, 2, 3])
///     .run()
///     .assert();
/// # }
/// ```
pub struct Finished<S, E> {
    pub(crate) object: Pin<Box<S>>,
    /// `Ok` as long as no operation has failed.
    pub(crate) result: Result<(), E>,
}

impl<S, E: fmt::Debug> fmt::Debug for Finished<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("result", &self.result).finish_non_exhaustive()
    }
}

impl<S, E> Finished<S, E> {
    /// Whether everything was written and the object was closed, or the error of the operation that failed.
    ///
    /// ```
    /// # #[cfg(feature = "futures-io")] {
    /// use std::io::ErrorKind;
    ///
    /// // There is space for 3 bytes.
    /// let three = || futures::io::AllowStdIo::new(std::io::Cursor::new([0; 3]));
    /// dormouse_check::check_write(three, "four")
    ///     .expect_output(|finished| {
    ///         finished.result().as_ref().is_err_and(|error| error.kind() == ErrorKind::WriteZero)
    ///     })
    ///     .run()
    ///     .assert();
    /// # }
    /// ```
    pub fn result(&self) -> Result<(), &E> {
        self.result.as_ref().copied()
    }

    /// The sink or the writer.
    ///
    /// ```
    /// # #[cfg(feature = "futures-io")] {
    /// dormouse_check::check_write(|| futures::io::Cursor::new(Vec::new()), "data")
    ///     .expect_output(|finished| finished.get_ref().get_ref() == b"data")
    ///     .run()
    ///     .assert();
    /// # }
    /// ```
    pub fn get_ref(&self) -> &S {
        self.object.as_ref().get_ref()
    }
}
