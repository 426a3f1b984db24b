//! What the page in `web/` calls. Each function returns a promise of JavaScript.

use crate::timers::Timers;
use dormouse::time::{Instant, Sleep};
use dormouse::{sleep, timeout};
use futures::future::{join_all, select_all};
use futures::stream::{FuturesUnordered, StreamExt};
use js_sys::Function;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn print_error(text: &str);
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);
}

/// Called when the module is loaded.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| print_error(&info.to_string())));
}

fn from_ms(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)
}

fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Awaits a sleep, and calls `on_end` with its number and how late it was, in ms.
async fn awaited(nth: usize, sleep: Sleep, on_end: &Function) -> usize {
    let deadline = sleep.deadline();
    sleep.await;
    let late_ms = in_ms(Instant::now() - deadline);
    // If the page throws, the timers go on.
    let _ = on_end.call2(&JsValue::NULL, &(nth as u32).into(), &late_ms.into());
    nth
}

fn all<'a>(
    lengths_ms: &[f64],
    on_end: &'a Function,
) -> Vec<Pin<Box<dyn Future<Output = usize> + 'a>>> {
    let start = |(nth, &ms): (usize, &f64)| awaited(nth, sleep(from_ms(ms)), on_end);
    lengths_ms.iter().enumerate().map(start).map(|ended| Box::pin(ended) as _).collect()
}

/// Sleeps one after the other. Returns how long that took, in ms.
#[wasm_bindgen]
pub async fn in_sequence(lengths_ms: Vec<f64>, on_end: Function) -> f64 {
    let start = Instant::now();
    for (nth, &ms) in lengths_ms.iter().enumerate() {
        awaited(nth, sleep(from_ms(ms)), &on_end).await;
    }
    in_ms(start.elapsed())
}

/// Joins sleeps: as `join!`. Returns how long that took, in ms.
#[wasm_bindgen]
pub async fn joined(lengths_ms: Vec<f64>, on_end: Function) -> f64 {
    let start = Instant::now();
    join_all(all(&lengths_ms, &on_end)).await;
    in_ms(start.elapsed())
}

/// Lets sleeps race: as `select!`. The first ends the race, and the others are dropped. Returns how long that took, in ms.
#[wasm_bindgen]
pub async fn raced(lengths_ms: Vec<f64>, on_end: Function) -> f64 {
    let start = Instant::now();
    if !lengths_ms.is_empty() {
        select_all(all(&lengths_ms, &on_end)).await;
    }
    in_ms(start.elapsed())
}

/// Joins sleeps under a timeout, which drops those that are pending at its end. Returns whether it ended them.
#[wasm_bindgen]
pub async fn within(limit_ms: f64, lengths_ms: Vec<f64>, on_end: Function) -> bool {
    timeout(from_ms(limit_ms), join_all(all(&lengths_ms, &on_end))).await.is_err()
}

/// What was measured on one executor.
#[wasm_bindgen(getter_with_clone)]
#[derive(Debug)]
pub struct Row {
    /// As in [`Timers`].
    pub join_ms: f64,
    /// As in [`Timers`].
    pub bar_first: bool,
    /// As in [`Timers`].
    pub select_ok: bool,
    /// As in [`Timers`].
    pub late_p50_us: f64,
    /// As in [`Timers`].
    pub late_p99_us: f64,
    /// As in [`Timers`].
    pub early: u32,
    /// As in [`Timers`].
    pub polls: u32,
    /// A line for each promise that was broken.
    pub broken: String,
}

/// The executors of the page, in the order of the table.
#[wasm_bindgen]
pub fn executors() -> Vec<String> {
    EXECUTORS.map(|(name, _)| name.to_owned()).into()
}

type Body = Pin<Box<dyn Future<Output = ()>>>;

const EXECUTORS: [(&str, fn(Body)); 4] = [
    ("wasm-bindgen-futures", spawn_local),
    ("async-executor", on_async_executor),
    ("FuturesUnordered", in_futures_unordered),
    ("std only", Task::spawn),
];

/// Measures on an executor. `second_ms` is the unit of the sleeps, and `on_late` is called with the lateness of each
/// short sleep, in ms.
#[wasm_bindgen]
pub async fn measure(executor: &str, second_ms: f64, on_late: Function) -> Result<Row, JsError> {
    let (_, run) = EXECUTORS
        .into_iter()
        .find(|(name, _)| *name == executor)
        .ok_or_else(|| JsError::new("there is no such executor"))?;
    let second = from_ms(second_ms);
    let (done, result) = futures::channel::oneshot::channel();
    run(Box::pin(async move {
        let on_late = |late: Duration| {
            let _ = on_late.call1(&JsValue::NULL, &in_ms(late).into());
        };
        let _ = done.send(Timers::measure(second, on_late).await);
    }));
    let timers = result.await?;
    let broken = timers.broken_promises(second).join("\n");
    let Timers { join_ms, bar_first, select_ok, late_p50_us, late_p99_us, early, polls } = timers;
    let [join_ms, late_p50_us, late_p99_us] = [join_ms, late_p50_us, late_p99_us].map(|n| n as f64);
    Ok(Row { join_ms, bar_first, select_ok, late_p50_us, late_p99_us, early, polls, broken })
}

/// What `dormouse::stats()` prints.
#[wasm_bindgen]
pub fn stats() -> String {
    dormouse::stats().to_string()
}

/// An executor that is only a queue of tasks. Its `run` is a future, polled by another executor.
fn on_async_executor(body: Body) {
    spawn_local(async {
        let executor = async_executor::LocalExecutor::new();
        executor.run(executor.spawn(body)).await;
    });
}

/// Futures in a set that has wakers of its own.
fn in_futures_unordered(body: Body) {
    spawn_local(async { FuturesUnordered::from_iter([body]).collect().await });
}

/// The smallest executor: a wake-up queues a microtask, which polls.
struct Task {
    body: RefCell<Option<Body>>,
    poll: RefCell<Option<Closure<dyn Fn()>>>,
}

thread_local! {
    /// The tasks of `std only`. A waker is `Send`, and so it holds a number, and not the task.
    static TASKS: RefCell<Vec<Rc<Task>>> = const { RefCell::new(Vec::new()) };
}

struct TaskWaker(usize);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        TASKS.with_borrow(|tasks| {
            if let Some(poll) = &*tasks[self.0].poll.borrow() {
                queue_microtask(poll.as_ref());
            }
        });
    }
}

impl Task {
    fn spawn(body: Body) {
        let number = TASKS.with_borrow(Vec::len);
        let poll = Closure::new(move || Task::poll(number));
        let task = Task { body: RefCell::new(Some(body)), poll: RefCell::new(Some(poll)) };
        TASKS.with_borrow_mut(|tasks| tasks.push(Rc::new(task)));
        Task::poll(number);
    }

    fn poll(number: usize) {
        let task = TASKS.with_borrow(|tasks| tasks[number].clone());
        let waker = Arc::new(TaskWaker(number)).into();
        let Some(mut body) = task.body.take() else { return };
        if let Poll::Pending = body.as_mut().poll(&mut Context::from_waker(&waker)) {
            task.body.replace(Some(body));
        }
    }
}
