//! The virtual machine: mounts file systems as its first process, suspends it, and sets its clock.

use dormouse_stress::checks;
use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, reboot};
use rustix::time::{ClockId, Timespec, clock_gettime, clock_settime};
use std::fs;
use std::time::{Duration, SystemTime};

pub(crate) fn prepare() {
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        let _ = fs::create_dir(place);
        if let Err(err) = mount(kind, place, kind, MountFlags::empty(), None) {
            println!("cannot mount {place}: {err}");
        }
    }
}

pub(crate) fn power_off() -> ! {
    let _ = reboot(RebootCommand::PowerOff);
    unreachable!("the machine is off")
}

/// Readings of all clocks at nearly the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) boottime: Duration,
    pub(crate) monotonic: Duration,
    pub(crate) realtime: Duration,
}

impl Clocks {
    pub(crate) fn now() -> Clocks {
        let read = |clock| {
            let time = clock_gettime(clock);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        };
        Clocks {
            boottime: read(ClockId::Boottime),
            monotonic: read(ClockId::Monotonic),
            realtime: read(ClockId::Realtime),
        }
    }

    pub(crate) fn since(self, before: Clocks) -> Clocks {
        Clocks {
            boottime: self.boottime.saturating_sub(before.boottime),
            monotonic: self.monotonic.saturating_sub(before.monotonic),
            realtime: self.realtime.saturating_sub(before.realtime),
        }
    }

    /// How long the machine was suspended in this time.
    pub(crate) fn suspended(self) -> Duration {
        self.boottime.saturating_sub(self.monotonic)
    }
}

/// Suspends to memory. Returns after the machine has resumed.
pub(crate) fn suspend() {
    if let Err(err) = fs::write("/sys/power/state", "mem") {
        checks::check(false, format!("the machine can be suspended: {err}"));
    }
}

/// Makes the real-time clock wake the machine.
pub(crate) fn wake_after(seconds: u32) {
    // The kernel rejects a new alarm while another one is set.
    let _ = fs::write("/sys/class/rtc/rtc0/wakealarm", "0");
    if let Err(err) = fs::write("/sys/class/rtc/rtc0/wakealarm", format!("+{seconds}")) {
        checks::check(false, format!("the machine can be woken: {err}"));
    }
}

pub(crate) fn set_wall_clock(time: SystemTime) {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).expect("not before 1970");
    let time = Timespec { tv_sec: since.as_secs() as i64, tv_nsec: since.subsec_nanos().into() };
    if let Err(err) = clock_settime(ClockId::Realtime, time) {
        checks::check(false, format!("the clock can be set: {err}"));
    }
}
