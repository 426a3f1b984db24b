//! Assertions about the next poll. Each polls once.

use super::Steps;
use crate::timeline;
use futures_core::Stream;
use std::fmt::Debug;
use std::task::Poll;

impl<F> Steps<F> {
    /// Fails the test, with the steps so far.
    #[track_caller]
    pub(super) fn fail(&self, message: impl AsRef<str>) -> ! {
        let steps = timeline::render(&self.task.log()).join("\n");
        panic!("{}; after these steps:\n{steps}", message.as_ref())
    }

    #[track_caller]
    fn expect_pending<R>(&self, polled: Poll<R>) {
        if polled.is_ready() {
            self.fail(format!("poll {} is ready, and should be pending", self.polls));
        }
    }

    #[track_caller]
    fn expect_ready<R>(&self, polled: Poll<R>) -> R {
        match polled {
            Poll::Ready(output) => output,
            Poll::Pending => {
                self.fail(format!("poll {} is pending, and should be ready", self.polls))
            }
        }
    }

    #[track_caller]
    fn expect_equal<L: PartialEq<R> + Debug, R: Debug>(&self, left: &L, right: &R) {
        if left != right {
            self.fail(format!("poll {} returns {left:?}, and should return {right:?}", self.polls));
        }
    }
}

/// Assertions about a future.
impl<F: Future> Steps<F> {
    /// Polls once, and fails the test if the future is ready.
    ///
    /// ```
    /// dormouse_check::Steps::new(std::future::pending::<()>()).assert_pending();
    /// ```
    ///
    /// # Panics
    /// If it is ready.
    #[track_caller]
    pub fn assert_pending(&mut self) {
        let polled = self.poll();
        self.expect_pending(polled);
    }

    /// Polls once, and returns the output.
    ///
    /// ```
    /// let output = dormouse_check::Steps::new(async { 7 }).assert_ready();
    /// assert_eq!(output, 7);
    /// ```
    ///
    /// # Panics
    /// If it is pending.
    #[track_caller]
    pub fn assert_ready(&mut self) -> F::Output {
        let polled = self.poll();
        self.expect_ready(polled)
    }

    /// Polls once, and compares the output.
    ///
    /// ```
    /// dormouse_check::Steps::new(async { 7 }).assert_ready_eq(7);
    /// ```
    ///
    /// # Panics
    /// If it is pending, or if the output differs.
    #[track_caller]
    pub fn assert_ready_eq<T: Debug>(&mut self, expected: T)
    where
        F::Output: PartialEq<T> + Debug,
    {
        let output = self.assert_ready();
        self.expect_equal(&output, &expected);
    }
}

/// Assertions about a future whose output is a `Result`.
impl<F: Future<Output = Result<T, E>>, T, E> Steps<F> {
    /// Polls once, and returns the value of `Ok`.
    ///
    /// ```
    /// let output = dormouse_check::Steps::new(async { Ok::<_, ()>(7) }).assert_ready_ok();
    /// assert_eq!(output, 7);
    /// ```
    ///
    /// # Panics
    /// If it is pending, or if the output is an error.
    #[track_caller]
    pub fn assert_ready_ok(&mut self) -> T
    where
        E: Debug,
    {
        match self.assert_ready() {
            Ok(output) => output,
            Err(error) => self.fail(format!("poll {} returns Err({error:?})", self.polls)),
        }
    }

    /// Polls once, and returns the error.
    ///
    /// ```
    /// let error = dormouse_check::Steps::new(async { Err::<(), _>("closed") }).assert_ready_err();
    /// assert_eq!(error, "closed");
    /// ```
    ///
    /// # Panics
    /// If it is pending, or if the output is no error.
    #[track_caller]
    pub fn assert_ready_err(&mut self) -> E
    where
        T: Debug,
    {
        match self.assert_ready() {
            Ok(output) => self.fail(format!("poll {} returns Ok({output:?})", self.polls)),
            Err(error) => error,
        }
    }
}

/// Assertions about a stream.
impl<S: Stream> Steps<S> {
    /// Polls once, and fails the test if there is an item, or if the stream has ended.
    ///
    /// ```
    /// use futures::stream;
    ///
    /// dormouse_check::Steps::new(stream::pending::<()>()).assert_next_pending();
    /// ```
    ///
    /// # Panics
    /// If it is not pending.
    #[track_caller]
    pub fn assert_next_pending(&mut self) {
        let polled = self.poll_next();
        self.expect_pending(polled);
    }

    /// Polls once, and returns the item.
    ///
    /// ```
    /// use futures::stream;
    ///
    /// let item = dormouse_check::Steps::new(stream::iter([7])).assert_next();
    /// assert_eq!(item, 7);
    /// ```
    ///
    /// # Panics
    /// If it is pending, or has ended.
    #[track_caller]
    pub fn assert_next(&mut self) -> S::Item {
        let polled = self.poll_next();
        match self.expect_ready(polled) {
            Some(item) => item,
            None => self.fail(format!("poll {} ends the stream", self.polls)),
        }
    }

    /// Polls once, and compares the item.
    ///
    /// ```
    /// use futures::stream;
    ///
    /// dormouse_check::Steps::new(stream::iter([7])).assert_next_eq(7);
    /// ```
    ///
    /// # Panics
    /// If it is pending, has ended, or if the item differs.
    #[track_caller]
    pub fn assert_next_eq<T: Debug>(&mut self, expected: T)
    where
        S::Item: PartialEq<T> + Debug,
    {
        let item = self.assert_next();
        self.expect_equal(&item, &expected);
    }

    /// Polls once, and fails the test unless the stream has ended.
    ///
    /// ```
    /// use futures::stream;
    ///
    /// dormouse_check::Steps::new(stream::empty::<()>()).assert_done();
    /// ```
    ///
    /// # Panics
    /// If it is pending, or if there is an item.
    #[track_caller]
    pub fn assert_done(&mut self) {
        let polled = self.poll_next();
        if self.expect_ready(polled).is_some() {
            self.fail(format!("poll {} returns an item, and should end the stream", self.polls));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hostile, panics};
    use std::panic::{self, AssertUnwindSafe};

    /// The message of an assertion that fails.
    fn failure<R: Debug>(assertion: impl FnOnce() -> R) -> String {
        let caught = panic::catch_unwind(AssertUnwindSafe(assertion));
        panics::message(&*caught.expect_err("the assertion fails"))
    }

    #[test]
    fn a_failed_assertion_prints_the_steps_that_lead_to_it() {
        let mut steps = Steps::new(hostile::pending_once(7));
        let message = failure(|| steps.assert_ready());
        assert!(message.starts_with("poll 1 is pending, and should be ready"), "{message}");
        assert!(message.contains("poll 1, waker A"), "{message}");
        assert!(message.contains("A is woken, by the poll itself"), "{message}");
        let message = failure(|| steps.assert_ready_eq(8));
        assert!(message.starts_with("poll 2 returns 7, and should return 8"), "{message}");
    }

    #[test]
    fn each_assertion_fails_for_each_other_result() {
        let messages = [
            failure(|| Steps::new(async {}).assert_pending()),
            failure(|| Steps::new(async { Err::<(), _>(7) }).assert_ready_ok()),
            failure(|| Steps::new(async { Ok::<_, ()>(7) }).assert_ready_err()),
            failure(|| Steps::new(hostile::stream::ready([7])).assert_next_pending()),
            failure(|| Steps::new(hostile::stream::ready([7])).assert_done()),
            failure(|| Steps::new(hostile::stream::ready::<()>([])).assert_next()),
            failure(|| Steps::new(hostile::stream::ready([7])).assert_next_eq(8)),
            failure(|| Steps::new(async {}).event()),
        ];
        for message in messages {
            assert!(message.contains("after these steps"), "{message}");
        }
    }
}
