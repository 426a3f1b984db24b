//! A set of tasks, whose outputs are taken in the order in which the tasks complete.
//!
//! # Invariants
//! - A task whose handle has to be polled is in `Ready::queue`: from its spawn, and again from each call of the waker that
//!   its handle was polled with last. So `poll_join_next` polls no other handles.
//!   `poll_join_next`: (1) stores its waker, and (2) pops a task, under one lock; (3) polls its handle.
//!   The waker of a handle: (1) pushes the task, and takes the waker of the set, under that lock; (2) calls it.
//! - A task is removed from `tasks` only by the poll that returns its output, or with all others. A key that is in the
//!   queue twice, or whose task has been removed, is skipped or polled once more: neither does harm.

use super::{AbortHandle, JoinError, JoinHandle, spawn, tokio};
use crate::catch_panic::wake;
use crate::sync::{Mutex, lock};
use slab::Slab;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// A set of tasks that are awaited together. Dropping it aborts them.
///
/// ```
/// use dormouse::task::JoinSet;
///
/// # dormouse::block_on(async {
/// let mut tasks = JoinSet::new();
/// for n in 1..=10 {
///     tasks.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = tasks.join_next().await {
///     sum += square?;
/// }
/// assert_eq!(sum, 385);
/// # Ok::<(), dormouse::task::JoinError>(())
/// # }).unwrap();
/// ```
pub struct JoinSet<T> {
    tasks: Slab<Member<T>>,
    ready: Arc<Ready>,
}

struct Member<T> {
    handle: JoinHandle<T>,
    /// Pushes the task into the queue of `Ready`.
    waker: Waker,
}

/// The tasks whose handles have to be polled.
#[derive(Default)]
struct Ready(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    keys: VecDeque<usize>,
    /// That of the task which awaits the set.
    waker: Option<Waker>,
}

impl Ready {
    fn push(&self, key: usize) {
        let mut queue = lock(&self.0);
        queue.keys.push_back(key);
        let waker = queue.waker.take();
        drop(queue);
        waker.into_iter().for_each(wake);
    }

    fn len(&self) -> usize {
        lock(&self.0).keys.len()
    }

    fn pop(&self) -> Option<usize> {
        lock(&self.0).keys.pop_front()
    }

    /// Pops a task. If there is none, stores the waker.
    fn pop_or_store(&self, waker: &Waker) -> Option<usize> {
        if let Some(key) = self.pop() {
            return Some(key);
        }
        let mut waker = Some(waker.clone());
        let mut queue = lock(&self.0);
        let key = queue.keys.pop_front();
        if key.is_none() {
            std::mem::swap(&mut queue.waker, &mut waker);
        }
        drop(queue);
        drop(waker);
        key
    }
}

/// The waker of the handle of one task.
struct PushKey {
    key: usize,
    ready: Arc<Ready>,
}

impl Wake for PushKey {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.key);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.push(self.key);
    }
}

impl<T> JoinSet<T> {
    /// Creates an empty set.
    ///
    /// ```
    /// let tasks = dormouse::task::JoinSet::<()>::new();
    /// assert!(tasks.is_empty());
    /// ```
    pub fn new() -> JoinSet<T> {
        JoinSet { tasks: Slab::new(), ready: Arc::default() }
    }

    /// The number of tasks whose outputs have not been taken.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(async {});
    /// assert_eq!(tasks.len(), 1);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no outputs are left to take.
    ///
    /// ```
    /// assert!(dormouse::task::JoinSet::<()>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Aborts all tasks. They stay in the set: [`join_next`](Self::join_next) returns an error for each that had not
    /// completed.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(std::future::pending::<()>());
    /// tasks.abort_all();
    /// assert!(tasks.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort_all(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.handle.abort());
    }

    /// Removes all tasks from the set. They run on.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(async { println!("detached") });
    /// tasks.detach_all();
    /// assert!(tasks.is_empty());
    /// # });
    /// ```
    pub fn detach_all(&mut self) {
        self.tasks.clear();
        // What their wakers push from now on is not for this set.
        self.ready = Arc::default();
    }

    /// Waits for the next task that completes, and returns its output. `None` if the set is empty.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(async { 7 });
    /// assert_eq!(tasks.join_next().await.unwrap().unwrap(), 7);
    /// assert!(tasks.join_next().await.is_none());
    /// # });
    /// ```
    ///
    /// # Cancel safety
    /// Cancel safe: no output is lost if the future is dropped.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// Returns the output of a task that has completed. `None` if there is none now.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(std::future::pending::<()>());
    /// assert!(tasks.try_join_next().is_none());
    /// # });
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        while let Some(key) = self.ready.pop() {
            let Some(task) = self.tasks.get_mut(key) else { continue };
            // The caller cannot wait for a budget. As in tokio.
            let cx = &mut Context::from_waker(&task.waker);
            let polled = tokio::without_budget(cx, |cx| Pin::new(&mut task.handle).poll(cx));
            if let Poll::Ready(output) = polled {
                self.tasks.remove(key);
                return Some(output);
            }
        }
        None
    }

    /// Waits for all tasks, and returns their outputs, in the order in which the tasks complete.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let tasks: dormouse::task::JoinSet<_> = (1..=3).map(|n| async move { n * n }).collect();
    /// let mut squares = tasks.join_all().await?;
    /// squares.sort();
    /// assert_eq!(squares, [1, 4, 9]);
    /// # Ok::<(), dormouse::task::JoinError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// That of the first task that has no output: the others are aborted. (tokio's function panics.)
    ///
    /// # Cancel safety
    /// If the future is dropped, all tasks are aborted.
    pub async fn join_all(mut self) -> Result<Vec<T>, JoinError> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(output) = self.join_next().await {
            outputs.push(output?);
        }
        Ok(outputs)
    }

    /// Aborts all tasks, and waits until they have been dropped.
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(std::future::pending::<()>());
    /// tasks.shutdown().await;
    /// assert!(tasks.is_empty());
    /// # });
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Polls for the next task that completes: the poll function of [`join_next`](Self::join_next).
    ///
    /// ```
    /// use std::future::poll_fn;
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(async { 7 });
    /// let output = poll_fn(|cx| tasks.poll_join_next(cx)).await;
    /// assert_eq!(output.unwrap().unwrap(), 7);
    /// # });
    /// ```
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        for _ in 0..=self.ready.len() {
            if self.is_empty() {
                return Poll::Ready(None);
            }
            let Some(key) = self.ready.pop_or_store(cx.waker()) else { return Poll::Pending };
            if let Some(Poll::Ready(output)) = self.poll_task(key) {
                return Poll::Ready(Some(output));
            }
        }
        // Tasks have been woken meanwhile, or tokio's budget is spent.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Polls the handle of a task, and removes the task if it is complete. `None` if it has been removed.
    fn poll_task(&mut self, key: usize) -> Option<Poll<Result<T, JoinError>>> {
        let task = self.tasks.get_mut(key)?;
        let polled = Pin::new(&mut task.handle).poll(&mut Context::from_waker(&task.waker));
        if polled.is_ready() {
            self.tasks.remove(key);
        }
        Some(polled)
    }
}

impl<T: Send + 'static> JoinSet<T> {
    /// Spawns a task into the set, as [`spawn`](super::spawn()).
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn(async { 7 });
    /// assert_eq!(tasks.join_next().await.unwrap().unwrap(), 7);
    /// # });
    /// ```
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(spawn(future))
    }

    /// Runs blocking work in the set, as [`spawn_blocking`](super::spawn_blocking()).
    ///
    /// ```
    /// # dormouse::block_on(async {
    /// let mut tasks = dormouse::task::JoinSet::new();
    /// tasks.spawn_blocking(|| std::fs::metadata("Cargo.toml"));
    /// assert!(tasks.join_next().await.unwrap().unwrap().is_ok());
    /// # });
    /// ```
    #[cfg(not(any(loom, target_family = "wasm")))]
    pub fn spawn_blocking<F>(&mut self, work: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(super::spawn_blocking(work))
    }

    pub(super) fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        let entry = self.tasks.vacant_entry();
        let key = entry.key();
        let waker = Waker::from(Arc::new(PushKey { key, ready: self.ready.clone() }));
        entry.insert(Member { handle, waker });
        self.ready.push(key);
        abort
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> Default for JoinSet<T> {
    /// As [`new`](Self::new).
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T: Send + 'static, F: Future<Output = T> + Send + 'static> FromIterator<F> for JoinSet<T> {
    /// Spawns each future.
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> JoinSet<T> {
        let mut tasks = JoinSet::new();
        tasks.extend(futures);
        tasks
    }
}

impl<T: Send + 'static, F: Future<Output = T> + Send + 'static> Extend<F> for JoinSet<T> {
    /// Spawns each future.
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| drop(self.spawn(future)));
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}
