//! The cases. Each runs for each way to move the clocks, on each reactor that needs no thread.

use crate::namespace::{Offsets, TimeNamespace};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{
    Instant, MissedTickBehavior, Resumes, Sleep, interval_at, sleep_until, timeout_at,
};
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, SystemTime};

const MS: Duration = Duration::from_millis(1);
const SHORT: Duration = Duration::from_millis(50);
const DAY_S: u64 = 86_400;
const DAY: Duration = Duration::from_secs(DAY_S);
/// A sleep that takes longer than this does not fire when it is due, on a loaded machine too.
const LATE: Duration = Duration::from_secs(20);

type Case = fn(&Shift) -> Pin<Box<dyn Future<Output = ()> + '_>>;

/// Generates `CASES` from async functions.
macro_rules! cases {
    ($($case:ident)*) => {
        const CASES: &[(&str, Case)] = &[$((stringify!($case), |shift| Box::pin($case(shift)))),*];
    };
}

cases! {
    a_sleep_begun_after_the_move_takes_as_long_as_it_should
    a_timer_due_shortly_after_the_move_does_not_delay_a_later_one
    a_sleep_that_is_reset_after_the_move_takes_as_long_as_it_should
    a_sleep_from_before_the_move_completes_by_its_clock
    intervals_and_timeouts_go_on
    a_move_back_is_no_resume
}

/// How the clocks are moved: by a day, forward or back, both or one of them.
const SHIFTS: &[(&str, Offsets, Offsets)] = &[
    ("both-back", offsets(DAY_S, DAY_S), offsets(0, 0)),
    ("boottime-back", offsets(DAY_S, 0), offsets(0, 0)),
    ("monotonic-back", offsets(0, DAY_S), offsets(0, 0)),
    ("both-forward", offsets(0, 0), offsets(DAY_S, DAY_S)),
    ("boottime-forward", offsets(0, 0), offsets(DAY_S, 0)),
    ("monotonic-forward", offsets(0, 0), offsets(0, DAY_S)),
    ("apart", offsets(DAY_S, 0), offsets(0, DAY_S)),
];

const fn offsets(boottime: u64, monotonic: u64) -> Offsets {
    Offsets { boottime, monotonic }
}

const CONTEXTS: &[&str] =
    if cfg!(feature = "tokio") { &["block_on", "tokio"] } else { &["block_on"] };

/// The arguments with which this program runs each case.
pub(crate) fn all() -> impl Iterator<Item = [&'static str; 4]> {
    CASES.iter().flat_map(|(name, _)| {
        SHIFTS.iter().flat_map(move |(shift, ..)| {
            CONTEXTS.iter().map(move |&context| ["case", *name, *shift, context])
        })
    })
}

pub(crate) fn run(name: &str, shift: &str, context: &str) {
    let (_, case) = CASES.iter().find(|case| case.0 == name).unwrap();
    let (_, before, after) = SHIFTS.iter().find(|candidate| candidate.0 == shift).unwrap();
    TimeNamespace::new(*before).enter();
    let shift = Shift { namespace: TimeNamespace::new(*after), before: *before, after: *after };
    let case = case(&shift);
    match context {
        #[cfg(feature = "tokio")]
        "tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(case);
        }
        _ => dormouse::block_on(case),
    }
}

/// A move of the clocks that is about to come.
struct Shift {
    namespace: TimeNamespace,
    before: Offsets,
    after: Offsets,
}

impl Shift {
    fn move_clocks(&self) {
        let before = (Boottime::now(), Monotonic::now());
        self.namespace.enter();
        let after = (Boottime::now(), Monotonic::now());
        // The test is only worth something if they have moved.
        assert_eq!(is_far(before.0, after.0), self.before.boottime != self.after.boottime);
        assert_eq!(is_far(before.1, after.1), self.before.monotonic != self.after.monotonic);
    }
}

fn is_far<C: Clock>(before: Instant<C>, after: Instant<C>) -> bool {
    (before - after).max(after - before) > DAY / 2
}

/// Asserts that a future takes `duration` by the wall clock, which no namespace moves. The future sets its deadline when it
/// is first polled, for this thread may be delayed before.
async fn assert_takes(duration: Duration, future: impl Future<Output = ()>) {
    let start = SystemTime::now();
    future.await;
    let took = start.elapsed().unwrap();
    // The wall clock can be slewed by a two-thousandth.
    assert!(took >= duration - duration / 1000, "it took {took:?} instead of {duration:?}");
    assert!(took < duration + LATE, "it took {took:?} instead of {duration:?}");
}

/// Polls with the waker of the caller: for another one, `block_on` starts a thread.
async fn poll_once(future: &mut (impl Future + Unpin)) -> bool {
    poll_fn(|cx| Poll::Ready(pin!(&mut *future).poll(cx).is_ready())).await
}

/// Uses the timers of a clock, and returns a sleep that is pending.
async fn used<C: Clock>(pending_for: Duration) -> Sleep<C> {
    sleep_until(C::now() + MS).await;
    loop {
        let mut pending = sleep_until(C::now() + pending_for);
        // On a slow machine, the deadline may pass before the poll.
        if !poll_once(&mut pending).await {
            return pending;
        }
    }
}

async fn a_sleep_begun_after_the_move_takes_as_long_as_it_should(shift: &Shift) {
    // Due in the day by which the clocks are moved, and after it.
    let _pending = (used::<Boottime>(DAY / 24).await, used::<Monotonic>(DAY / 24).await);
    let _later = (used::<Boottime>(2 * DAY).await, used::<Monotonic>(2 * DAY).await);
    shift.move_clocks();
    for duration in [SHORT, MS, 5 * SHORT] {
        assert_takes(duration, async { Boottime::sleep(duration).await }).await;
        assert_takes(duration, async { Monotonic::sleep(duration).await }).await;
        assert_takes(duration, async { sleep_until(Realtime::now() + duration).await }).await;
    }
    // Those that a task polls again and again, too.
    let sleep = async {
        let (mut first, mut second) = (Boottime::sleep(SHORT), Monotonic::sleep(2 * SHORT));
        let mut tick = dormouse::interval(MS);
        while !(poll_once(&mut first).await & poll_once(&mut second).await) {
            tick.tick().await;
        }
    };
    assert_takes(2 * SHORT, sleep).await;
}

async fn a_timer_due_shortly_after_the_move_does_not_delay_a_later_one(shift: &Shift) {
    let just_after = DAY + SHORT;
    let _pending = (used::<Boottime>(just_after).await, used::<Monotonic>(just_after).await);
    shift.move_clocks();
    assert_takes(2 * SHORT, async { Boottime::sleep(2 * SHORT).await }).await;
    assert_takes(2 * SHORT, async { Monotonic::sleep(2 * SHORT).await }).await;
}

async fn a_sleep_that_is_reset_after_the_move_takes_as_long_as_it_should(shift: &Shift) {
    let mut boottime = used::<Boottime>(3 * DAY).await;
    let mut monotonic = used::<Monotonic>(3 * DAY).await;
    shift.move_clocks();
    assert_takes(SHORT, async {
        boottime.reset(Boottime::now() + SHORT);
        boottime.await;
    })
    .await;
    assert_takes(SHORT, async {
        monotonic.reset(Monotonic::now() + SHORT);
        monotonic.await;
    })
    .await;
}

async fn a_sleep_from_before_the_move_completes_by_its_clock(shift: &Shift) {
    let start = SystemTime::now();
    let mut boottime = used::<Boottime>(SHORT).await;
    let mut monotonic = used::<Monotonic>(SHORT).await;
    shift.move_clocks();
    // Otherwise the clocks may have reached the deadlines before they were moved back.
    let were_pending = start.elapsed().unwrap() < SHORT;
    // One whose clock was moved back is not early, and one whose clock was not moved is not late.
    if shift.after.boottime >= shift.before.boottime {
        (&mut boottime).await;
    }
    if shift.after.monotonic >= shift.before.monotonic {
        (&mut monotonic).await;
    }
    assert_takes(2 * SHORT, async { sleep_until(Realtime::now() + 2 * SHORT).await }).await;
    if were_pending {
        assert_eq!(poll_once(&mut boottime).await, boottime.deadline() <= Boottime::now());
        assert_eq!(poll_once(&mut monotonic).await, monotonic.deadline() <= Monotonic::now());
    }
}

async fn intervals_and_timeouts_go_on(shift: &Shift) {
    use MissedTickBehavior::{Burst, Delay, Skip};
    for missed in [Burst, Delay, Skip] {
        let mut interval = interval_at(Monotonic::now(), DAY / 24);
        interval.set_missed_tick_behavior(missed);
        interval.tick().await;
        if missed == Burst {
            shift.move_clocks();
        }
        assert_takes(SHORT, async {
            interval.reset_after(SHORT);
            interval.tick().await;
        })
        .await;
    }
    assert_takes(SHORT, async {
        let limit = Boottime::now() + SHORT;
        assert!(timeout_at(limit, pending::<()>()).await.is_err());
        sleep_until(limit).await;
    })
    .await;
}

async fn a_move_back_is_no_resume(shift: &Shift) {
    let mut resumes = Resumes::new();
    assert!(!poll_once(&mut resumes.next()).await);
    shift.move_clocks();
    // Compared with the monotonic clock, the boot-time clock has moved forward as after a suspend.
    let ahead = |offsets: Offsets| offsets.boottime as i64 - offsets.monotonic as i64;
    assert_eq!(poll_once(&mut resumes.next()).await, ahead(shift.after) > ahead(shift.before));
    assert!(!poll_once(&mut resumes.next()).await);
}
