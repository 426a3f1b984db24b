//! Suspends the machine while sleeps are pending.

use crate::machine::{Clocks, suspend, wake_after};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::sleep_until;
use dormouse::time::{Alarm, AlarmClock, Resumes};
use dormouse_stress::checks::check;
use dormouse_stress::executors::{Body, EXECUTORS, Executor};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// The accepted lateness on real hardware. That of the virtual machine itself is measured and added.
const ON_TIME: Duration = Duration::from_millis(50);
const MS: Duration = Duration::from_millis(1);

/// One completed sleep or reported resume.
struct Observation {
    executor: &'static str,
    event: Event,
    at: Clocks,
}

enum Event {
    /// A sleep of this duration, by the named clock, has completed.
    Slept(&'static str, Duration),
    /// A suspend of this duration was reported.
    Resumed(Duration),
}

type Log = Arc<Mutex<Vec<Observation>>>;

/// Due while the machine is suspended, by a clock that includes suspend.
const DURING: Duration = Duration::from_secs(2);
/// Due after the resume.
const AFTER: Duration = Duration::from_secs(8);
/// How long the machine is suspended, in seconds.
const SUSPENDED: u32 = 5;

/// Suspends for five seconds; the real-time clock wakes the machine.
pub(crate) fn woken_by_rtc() {
    println!("suspended for {SUSPENDED} s, and woken by the real-time clock");
    let log = Log::default();
    let start = Arc::new(Barrier::new(2 * EXECUTORS.len() + 1));
    let begun = Clocks::now();
    let threads = EXECUTORS.map(|executor| sleepers(executor, &log, &start));
    let bare = EXECUTORS.map(|_| bare_timerfd(&start));
    start.wait();
    // Meanwhile the sleeps are registered, so that all other threads are idle at the suspend.
    std::thread::sleep(300 * MS);
    wake_after(SUSPENDED);
    let before = Clocks::now();
    suspend();
    let resumed = Clocks::now();
    let passed = resumed.since(before);
    check(
        passed.suspended() > Duration::from_secs(3),
        format!(
            "the machine was suspended: boot time +{:?}, wall clock +{:?}, monotonic +{:?}",
            passed.boottime, passed.realtime, passed.monotonic
        ),
    );
    let late = |bare: JoinHandle<Clocks>| bare.join().expect("a thread").since(resumed).boottime;
    let machine = bare.map(late).into_iter().max().unwrap_or_default();
    println!("  bare timerfds were at most {machine:?} late after the resume");
    threads.into_iter().for_each(|thread| thread.join().expect("an executor"));
    let log = std::mem::take(&mut *log.lock().expect("no panic"));
    check(
        log.len() == EXECUTORS.len() * 5,
        format!("all {} sleeps and events completed", log.len()),
    );
    for observation in log {
        check_observation(&observation, begun, resumed, passed.suspended(), ON_TIME + 2 * machine);
    }
}

fn check_observation(
    observation: &Observation,
    begun: Clocks,
    resumed: Clocks,
    suspended: Duration,
    max_late: Duration,
) {
    let &Observation { executor, ref event, at } = observation;
    match *event {
        Event::Resumed(reported) => {
            let off = reported.abs_diff(suspended);
            check(
                off < MS,
                format!("{executor}: reported {reported:?} of suspend, off by {off:?}"),
            );
        }
        Event::Slept(clock, slept) => {
            let passed = at.since(begun);
            let by_its_clock = match clock {
                "Monotonic" => passed.monotonic,
                "Boottime" => passed.boottime,
                _ => passed.realtime,
            };
            check(by_its_clock >= slept, format!("{executor}: {clock} {slept:?} is not early"));
            let late = match clock {
                "Monotonic" => passed.monotonic.saturating_sub(slept + 300 * MS),
                _ if slept == DURING => at.since(resumed).boottime,
                _ => passed.boottime.saturating_sub(slept + 300 * MS),
            };
            check(late < max_late, format!("{executor}: {clock} {slept:?} is {late:?} late"));
        }
    }
}

/// Starts a thread that runs sleeps by each clock on an executor.
fn sleepers(executor: Executor, log: &Log, start: &Arc<Barrier>) -> JoinHandle<()> {
    let (log, start) = (log.clone(), start.clone());
    spawn(move || {
        let body: Body = Box::pin(async move {
            let record = |event| {
                let observation = Observation { executor: executor.name, event, at: Clocks::now() };
                log.lock().expect("no panic").push(observation);
            };
            let mut resumes = Resumes::new();
            start.wait();
            futures::join!(
                async { record(Event::Slept("Boottime", slept::<Boottime>(DURING).await)) },
                async { record(Event::Slept("Realtime", slept::<Realtime>(DURING).await)) },
                async { record(Event::Slept("Monotonic", slept::<Monotonic>(DURING).await)) },
                async { record(Event::Slept("Boottime", slept::<Boottime>(AFTER).await)) },
                async { record(Event::Resumed(resumes.next().await)) },
            );
        });
        (executor.run)(body);
    })
}

async fn slept<C: Clock>(duration: Duration) -> Duration {
    sleep_until(C::now() + duration).await;
    duration
}

/// Measures the lateness of the machine itself: a thread waits for a timerfd.
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

/// Suspends; an [`Alarm`] wakes the machine.
pub(crate) fn woken_by_alarm() {
    for executor in EXECUTORS {
        println!("suspended, and woken by an alarm on {}", executor.name);
        suspend_until_alarm::<Boottime>(executor, "Boottime");
    }
    println!("suspended, and woken by an alarm on the wall clock");
    suspend_until_alarm::<Realtime>(EXECUTORS[0], "Realtime");
}

fn suspend_until_alarm<C: AlarmClock>(executor: Executor, clock: &'static str) {
    // If the alarm fails, the real-time clock wakes the machine, later.
    const ALARM: Duration = Duration::from_secs(3);
    wake_after(30);
    let name = executor.name;
    let start = Arc::new(Barrier::new(2));
    let alarm = {
        let start = start.clone();
        spawn(move || {
            let body: Body = Box::pin(async move {
                let deadline = C::now() + ALARM;
                let alarm = Alarm::new(deadline).expect("the first process has CAP_WAKE_ALARM");
                start.wait();
                alarm.await;
                let late = C::now() - deadline;
                check(C::now() >= deadline, format!("{name}: the {clock} alarm is not early"));
                check(
                    late < Duration::from_secs(2),
                    format!("{name}: the {clock} alarm is {late:?} late"),
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
        format!("{name}: the {clock} alarm woke it after {:?}", passed.suspended()),
    );
    alarm.join().expect("the executor");
}
