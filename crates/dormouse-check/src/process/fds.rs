//! The open file descriptors of this process.

use std::collections::BTreeMap;
use std::fs;

/// The open file descriptors by number, and what they refer to.
pub(crate) fn open_fds() -> BTreeMap<i32, String> {
    let Ok(fds) = fs::read_dir("/proc/self/fd") else { return BTreeMap::new() };
    fds.flatten()
        .filter_map(|fd| {
            let number = fd.file_name().to_str()?.parse().ok()?;
            // The descriptor of `read_dir` itself is closed by now, so this fails for it.
            let target = fs::read_link(fd.path()).ok()?.to_string_lossy().into_owned();
            // Files below /proc are those that the checker reads.
            (!target.starts_with("/proc/")).then_some((number, target))
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_listed() {
        let file = fs::File::open("/dev/zero").expect("there is a /dev/zero");
        assert!(open_fds().values().any(|target| target.ends_with("zero")));
        drop(file);
    }
}
