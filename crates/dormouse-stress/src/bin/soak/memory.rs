//! Whether memory stays what it is.

use std::time::Instant;

/// How much above its first third the last may be, in KiB: what an allocator does by itself.
const BOUND_KIB: u64 = 16 * 1024;

pub(crate) struct Memory {
    start: Instant,
    /// In KiB, with the seconds at which they were read.
    samples: Vec<(f64, u64)>,
}

impl Memory {
    pub(crate) fn new() -> Memory {
        Memory { start: Instant::now(), samples: Vec::new() }
    }

    pub(crate) fn sample(&mut self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|kib| kib.trim().trim_end_matches(" kB").parse().ok());
        self.samples.extend(kib.map(|kib| (self.start.elapsed().as_secs_f64(), kib)));
    }

    /// The means of the first third and of the last one, but for a tenth at the start; and whether that is flat.
    pub(crate) fn judge(&self) -> (u64, u64, bool) {
        let samples = &self.samples[self.samples.len() / 10..];
        let third = (samples.len() / 3).max(1).min(samples.len());
        let mean = |part: &[(f64, u64)]| {
            part.iter().map(|&(_, kib)| kib).sum::<u64>() / part.len().max(1) as u64
        };
        let (first, last) = (mean(&samples[..third]), mean(&samples[samples.len() - third..]));
        (first, last, !samples.is_empty() && last <= first + BOUND_KIB)
    }
}
