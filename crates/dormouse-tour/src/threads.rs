//! Lists the threads of this process, to find those that dormouse starts. This needs a process with
//! one executor: see [`crate::children`].

use std::collections::BTreeMap;
use std::{fs, io};

const TASKS: &str = "/proc/self/task";

/// The threads of this process at one time: names by ids.
pub(crate) struct Threads(BTreeMap<String, String>);

impl Threads {
    /// The threads that exist now.
    pub(crate) fn now() -> io::Result<Threads> {
        let tasks = fs::read_dir(TASKS).map_err(|err| {
            io::Error::new(err.kind(), format!("cannot list the threads in {TASKS}: {err}"))
        })?;
        let mut threads = BTreeMap::new();
        for task in tasks {
            let task = task?;
            // A thread whose name cannot be read has just ended.
            if let Ok(name) = fs::read_to_string(task.path().join("comm")) {
                let id = task.file_name().to_string_lossy().into_owned();
                threads.insert(id, name.trim_end().to_owned());
            }
        }
        Ok(Threads(threads))
    }

    /// The names of the threads that exist now and did not then.
    pub(crate) fn added_since(&self) -> io::Result<Vec<String>> {
        let Threads(mut now) = Threads::now()?;
        now.retain(|id, _| !self.0.contains_key(id));
        Ok(now.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn a_new_thread_is_listed_by_name() {
        let before = Threads::now().expect("/proc is mounted");
        let (running, runs) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name("nightjar".into())
            .spawn(move || {
                running.send(()).expect("the test waits");
                let _ = ended.recv();
            })
            .expect("a thread can be started");
        runs.recv().expect("the thread sends");

        // Other tests of this process start threads too.
        let added = before.added_since().expect("/proc is mounted");
        assert!(added.iter().any(|name| name == "nightjar"), "{added:?}");
        drop(end);
        thread.join().expect("it does not panic");
    }
}
