//! Checks that memory does not grow.

/// How much higher the last third may be than the first: resident memory varies even without a leak.
const MAX_GROWTH_KIB: u64 = 16 * 1024;

/// Samples of the resident memory of this process.
#[derive(Default)]
pub(crate) struct Memory {
    samples_kib: Vec<u64>,
}

impl Memory {
    pub(crate) fn sample(&mut self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|kib| kib.trim().trim_end_matches(" kB").parse::<u64>().ok());
        self.samples_kib.extend(kib);
    }

    /// The means of the first and the last third, without the first tenth; and whether memory did not grow.
    pub(crate) fn compare(&self) -> (u64, u64, bool) {
        let samples = &self.samples_kib[self.samples_kib.len() / 10..];
        let third = (samples.len() / 3).max(1).min(samples.len());
        let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len().max(1) as u64;
        let (first, last) = (mean(&samples[..third]), mean(&samples[samples.len() - third..]));
        (first, last, !samples.is_empty() && last <= first + MAX_GROWTH_KIB)
    }
}
