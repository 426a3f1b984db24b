//! Suspends the machine under pending sleeps.

use crate::machine::{Clocks, suspend, wake_after};
use dormouse::clock::{self, Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{Alarm, AlarmClock};
use dormouse_stress::executors::{Body, EXECUTORS, Executor};
use dormouse_stress::verdict::check;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// As seen on a machine of silicon, with none of its own lateness.
const PROMPT: Duration = Duration::from_millis(50);
const MS: Duration = Duration::from_millis(1);

/// What one sleep or event did.
struct Seen {
    who: &'static str,
    what: What,
    /// When it was over.
    at: Clocks,
}

enum What {
    /// Slept by a clock, for so long.
    Slept(&'static str, Duration),
    /// Was told that the machine was suspended for so long.
    Resumed(Duration),
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// Due while the machine is suspended, by a clock that goes on.
const DURING: Duration = Duration::from_secs(2);
/// Due after that.
const AFTER: Duration = Duration::from_secs(8);
/// How long it is suspended.
const SUSPENDED: u32 = 5;

/// Suspended for five seconds, and woken by its real-time clock.
pub(crate) fn by_timer() {
    println!("suspended for {SUSPENDED} s, and woken by the real-time clock");
    let log = Log::default();
    let start = Arc::new(Barrier::new(2 * EXECUTORS.len() + 1));
    let begun = Clocks::now();
    let threads = EXECUTORS.map(|executor| sleepers(executor, &log, &start));
    let bare = EXECUTORS.map(|_| bare_timerfd(&start));
    start.wait();
    // They are registered, and this thread is the last to do anything.
    std::thread::sleep(300 * MS);
    wake_after(SUSPENDED);
    let before = Clocks::now();
    suspend();
    let resumed = Clocks::now();
    let passed = resumed.since(before);
    check(
        passed.suspended() > Duration::from_secs(3),
        format!(
            "it was suspended: boot time +{:?}, wall clock +{:?}, monotonic +{:?}",
            passed.boottime, passed.realtime, passed.monotonic
        ),
    );
    let late = |bare: JoinHandle<Clocks>| bare.join().expect("a thread").since(resumed).boottime;
    let machine = bare.map(late).into_iter().max().unwrap_or_default();
    println!("  bare timerfds were at most {machine:?} late after the resume");
    threads.into_iter().for_each(|thread| thread.join().expect("an executor"));
    let log = std::mem::take(&mut *log.lock().expect("no panic"));
    check(log.len() == EXECUTORS.len() * 5, format!("all {} sleeps and events came", log.len()));
    for seen in log {
        judge(&seen, begun, resumed, passed.suspended(), PROMPT + 2 * machine);
    }
}

fn judge(seen: &Seen, begun: Clocks, resumed: Clocks, suspended: Duration, prompt: Duration) {
    let who = seen.who;
    match seen.what {
        What::Resumed(told) => {
            let off = told.max(suspended) - told.min(suspended);
            check(off < MS, format!("{who}: was told of {told:?} of suspend, off by {off:?}"));
        }
        What::Slept(clock, slept) => {
            let passed = seen.at.since(begun);
            let by_its_clock = match clock {
                "Monotonic" => passed.monotonic,
                "Boottime" => passed.boottime,
                _ => passed.realtime,
            };
            check(by_its_clock >= slept, format!("{who}: {clock} {slept:?} is not early"));
            let late = match clock {
                "Monotonic" => passed.monotonic.saturating_sub(slept + 300 * MS),
                _ if slept == DURING => seen.at.since(resumed).boottime,
                _ => passed.boottime.saturating_sub(slept + 300 * MS),
            };
            check(late < prompt, format!("{who}: {clock} {slept:?} is {late:?} late at most"));
        }
    }
}

/// Sleeps of each clock on an executor, in a thread of its own.
fn sleepers(executor: Executor, log: &Log, start: &Arc<Barrier>) -> JoinHandle<()> {
    let (log, start, who) = (log.clone(), start.clone(), executor.name);
    spawn(move || {
        let body: Body = Box::pin(async move {
            let note = |what| {
                let seen = Seen { who, what, at: Clocks::now() };
                log.lock().expect("no panic").push(seen);
            };
            let mut resumes = clock::resumes();
            start.wait();
            futures::join!(
                async { note(What::Slept("Boottime", slept::<Boottime>(DURING).await)) },
                async { note(What::Slept("Realtime", slept::<Realtime>(DURING).await)) },
                async { note(What::Slept("Monotonic", slept::<Monotonic>(DURING).await)) },
                async { note(What::Slept("Boottime", slept::<Boottime>(AFTER).await)) },
                async { note(What::Resumed(resumes.resume().await)) },
            );
        });
        (executor.run)(body);
    })
}

async fn slept<C: Clock>(duration: Duration) -> Duration {
    C::sleep(duration).await;
    duration
}

/// How late the machine itself is: a thread that waits for a timerfd, and nothing else.
fn bare_timerfd(start: &Arc<Barrier>) -> JoinHandle<Clocks> {
    let start = start.clone();
    spawn(move || {
        let fd =
            timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::empty()).expect("a timerfd");
        start.wait();
        let time = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: DURING.as_secs() as i64, tv_nsec: 0 },
        };
        timerfd_settime(&fd, TimerfdTimerFlags::empty(), &time).expect("a valid time");
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], None).expect("a poll");
        Clocks::now()
    })
}

/// Suspended with nothing to wake it but an alarm of ours.
pub(crate) fn by_alarm() {
    for executor in EXECUTORS {
        println!("suspended, and woken by an alarm on {}", executor.name);
        woken_by::<Boottime>(executor, "Boottime");
    }
    println!("suspended, and woken by an alarm on the wall clock");
    woken_by::<Realtime>(EXECUTORS[0], "Realtime");
}

fn woken_by<C: AlarmClock>(executor: Executor, clock: &'static str) {
    // Should the alarm be no good, the machine wakes all the same, if later.
    const ALARM: Duration = Duration::from_secs(3);
    wake_after(30);
    let who = executor.name;
    let start = Arc::new(Barrier::new(2));
    let alarm = {
        let start = start.clone();
        spawn(move || {
            let body: Body = Box::pin(async move {
                let deadline = C::now() + ALARM;
                let alarm = Alarm::new(deadline).expect("the first process may set alarms");
                start.wait();
                alarm.await;
                let late = C::now() - deadline;
                check(C::now() >= deadline, format!("{who}: the {clock} alarm is not early"));
                check(
                    late < Duration::from_secs(2),
                    format!("{who}: the {clock} alarm is {late:?} late"),
                );
            });
            (executor.run)(body);
        })
    };
    start.wait();
    std::thread::sleep(100 * MS);
    let before = Clocks::now();
    suspend();
    let passed = Clocks::now().since(before);
    check(
        passed.suspended() > Duration::from_secs(1) && passed.boottime < Duration::from_secs(10),
        format!("{who}: the {clock} alarm woke it after {:?}", passed.suspended()),
    );
    alarm.join().expect("the executor");
}
