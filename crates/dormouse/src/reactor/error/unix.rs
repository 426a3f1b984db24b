//! Unix: what an errno says of an fd.

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::io::Errno;
use std::io;
use std::os::fd::BorrowedFd;

/// What is registered.
pub(super) const KIND: &str = "fd";

/// Whether the process or the system is at its limit of open fds.
pub(in crate::reactor) fn is_out_of_fds(err: &io::Error) -> bool {
    matches!(Errno::from_io_error(err), Some(Errno::MFILE | Errno::NFILE))
}

/// Why the fd cannot be registered, and what to do. Empty if the error says it.
pub(super) fn hint(err: &io::Error, fd: BorrowedFd<'_>) -> &'static str {
    match Errno::from_io_error(err) {
        Some(Errno::BADF | Errno::PERM) if is_path(fd) => {
            ": it was opened with O_PATH, so it cannot be read, written or watched. Open the file \
             again without O_PATH, on Linux through /proc/self/fd"
        }
        Some(Errno::PERM | Errno::ACCESS | Errno::NOSYS) => refused(fd),
        // kevent(2).
        Some(Errno::INVAL | Errno::NODEV | Errno::OPNOTSUPP) => {
            ": the kernel has no readiness for this kind of file"
        }
        Some(Errno::EXIST) => {
            ": this reactor watches it already. Share the one AsyncFd, or wrap a duplicate \
             (try_clone)"
        }
        Some(Errno::BADF) => ": it is not open",
        Some(Errno::MFILE) => ": the process is at its limit of open fds (ulimit -n)",
        Some(Errno::NOSPC) => {
            ": the user is at the limit of watched fds (/proc/sys/fs/epoll/max_user_watches)"
        }
        _ => "",
    }
}

/// Linux reports a file without readiness by the same error as a system call that a sandbox refuses.
fn refused(fd: BorrowedFd<'_>) -> &'static str {
    match fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Ok(FileType::RegularFile | FileType::Directory | FileType::BlockDevice) => {
            ": the kernel has no readiness for this kind of file. Regular files and directories \
             are always ready; read and write them directly"
        }
        Ok(FileType::Socket | FileType::Fifo) => {
            ": a system call, such as epoll_ctl or fcntl, is refused, as by a sandbox (seccomp)"
        }
        _ => {
            ": the kernel has no readiness for this kind of file, or a system call, such as \
             epoll_ctl or fcntl, is refused, as by a sandbox (seccomp)"
        }
    }
}

/// Whether the fd was opened with `O_PATH`, a flag that not every system has.
fn is_path(fd: BorrowedFd<'_>) -> bool {
    let path = OFlags::from_name("PATH");
    path.is_some_and(|path| fcntl_getfl(fd).is_ok_and(|flags| flags.contains(path)))
}
