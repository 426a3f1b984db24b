//! Addresses of Unix sockets: from a path, and what is left of a path after an error.

use crate::net::error::with_context;
use crate::net::sys;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

/// The address for a path, or for a NUL byte and an abstract name. An error names the path.
pub(super) fn path_address(path: &Path) -> io::Result<SocketAddr> {
    let bytes = path.as_os_str().as_bytes();
    let address = match bytes {
        // The system would take it for "no address".
        [] => Err(invalid("the path is empty".into())),
        [0, name @ ..] => sys::abstract_address(name).map_err(|err| too_long("name", name, err)),
        _ if bytes.contains(&0) => Err(invalid("the path contains a NUL byte".into())),
        _ => SocketAddr::from_pathname(path).map_err(|err| too_long("path", bytes, err)),
    };
    address.map_err(|err| {
        with_context(err, format_args!("cannot use {path:?} as the address of a Unix socket"))
    })
}

/// Removes the path of a socket that has been bound, but cannot be registered. Otherwise the next call would fail with
/// `AddrInUse`.
#[cold]
pub(super) fn remove_path(address: &SocketAddr) {
    if let Some(path) = address.as_pathname() {
        let _ = std::fs::remove_file(path);
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// The error for a path or name, if it is longer than the limit, or `err`.
#[cold]
fn too_long(what: &str, bytes: &[u8], err: io::Error) -> io::Error {
    let (len, limit) = (bytes.len(), max_len());
    if len <= limit {
        return err;
    }
    invalid(format!("the {what} is {len} bytes long, and the limit is {limit} bytes"))
}

/// How long a path or an abstract name can be. It depends on the system.
fn max_len() -> usize {
    let fits =
        |&len: &usize| SocketAddr::from_pathname(OsStr::from_bytes(&vec![b'x'; len])).is_ok();
    (0..).take_while(fits).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(path: &str) -> String {
        let error = path_address(Path::new(path)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        error.to_string()
    }

    #[test]
    fn a_path_that_is_too_long_is_named_with_the_limit() {
        let limit = max_len();
        assert!(limit >= 100);
        path_address(Path::new(&"x".repeat(limit))).unwrap();
        let path = "x".repeat(limit + 1);
        let expected = format!(
            "cannot use {path:?} as the address of a Unix socket: the path is {} bytes long, and the limit is {limit} bytes",
            limit + 1
        );
        assert_eq!(error(&path), expected);
    }

    #[test]
    fn an_empty_path_and_a_nul_byte_are_errors_that_name_the_path() {
        let what = "as the address of a Unix socket";
        assert_eq!(error(""), format!("cannot use \"\" {what}: the path is empty"));
        let expected = format!("cannot use \"/a\\0b\" {what}: the path contains a NUL byte");
        assert_eq!(error("/a\0b"), expected);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(dormouse_portable)))]
    fn a_nul_byte_and_a_name_are_an_abstract_address() {
        use std::os::linux::net::SocketAddrExt;
        for name in ["name", "with\0nul", ""] {
            let address = path_address(Path::new(&format!("\0{name}"))).unwrap();
            assert_eq!(address.as_abstract_name(), Some(name.as_bytes()));
        }
        let name = "x".repeat(107);
        path_address(Path::new(&format!("\0{name}"))).unwrap();
        let error = error(&format!("\0{name}x"));
        assert!(
            error.ends_with("the name is 108 bytes long, and the limit is 107 bytes"),
            "{error}"
        );
        assert!(error.starts_with("cannot use \"\\0xxx"), "{error}");
    }

    #[test]
    #[cfg(not(all(target_os = "linux", not(dormouse_portable))))]
    fn an_abstract_name_is_unsupported() {
        let error = path_address(Path::new("\0name")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }
}
