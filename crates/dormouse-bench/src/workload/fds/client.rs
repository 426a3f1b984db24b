//! The HTTP client: one thread, epoll, no async. Each connection sends its next request when it has received the
//! response to the last one.

use crate::case::{Case, Outcome};
use crate::workload::support::{WARM_UP, cpu_ns};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::time::{ClockId, clock_gettime};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

const REQUEST: &[u8] =
    b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 12\r\n\r\nHello, hyper";
const BODY: &[u8] = b"Hello, hyper";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";
/// Responses between two reads of the clock.
const BATCH: u64 = 200;

pub(super) struct Client {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
}

struct Connection {
    socket: TcpStream,
    response: Vec<u8>,
}

impl Client {
    pub(super) fn new(sockets: Vec<TcpStream>) -> io::Result<Client> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::new();
        for (i, mut socket) in sockets.into_iter().enumerate() {
            socket.set_nodelay(true)?;
            let index = epoll::EventData::new_u64(i as u64);
            epoll::add(&epoll, &socket, index, epoll::EventFlags::IN)?;
            socket.write_all(REQUEST)?;
            connections.push(Connection { socket, response: Vec::new() });
        }
        let events = Vec::with_capacity(connections.len());
        Ok(Client { epoll, connections, events })
    }

    pub(super) fn measure(mut self, case: &Case) -> io::Result<Outcome> {
        let mut outcome = Outcome::default();
        let start = Instant::now();
        while start.elapsed() < WARM_UP {
            self.process_events()?;
        }
        let (before, start, mut total) = (server_cpu_ns(), Instant::now(), 0);
        while total == 0 || start.elapsed() < Duration::from_millis(case.ms) {
            let (start, mut count) = (Instant::now(), 0);
            while count < BATCH {
                count += self.process_events()?;
            }
            outcome.put("requests/s", count as f64 / start.elapsed().as_secs_f64());
            total += count;
        }
        outcome.put("cpu ns", (server_cpu_ns() - before) / total as f64);
        Ok(outcome)
    }

    /// Waits for events, reads responses, and sends the next requests. Returns the number of complete responses.
    fn process_events(&mut self) -> io::Result<u64> {
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(0),
            Err(err) => return Err(err.into()),
        }
        let mut count = 0;
        for event in self.events.drain(..) {
            let connection = &mut self.connections[event.data.u64() as usize];
            if connection.read_response()? {
                connection.socket.write_all(REQUEST)?;
                count += 1;
            }
        }
        Ok(count)
    }
}

impl Connection {
    /// Reads once. Returns true if the response is complete.
    fn read_response(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        let read = self.socket.read(&mut buffer)?;
        if read == 0 {
            return Err(io::Error::other("the server closed the connection"));
        }
        self.response.extend_from_slice(&buffer[..read]);
        if !self.response.ends_with(BODY) {
            return Ok(false);
        }
        if !self.response.starts_with(OK) {
            return Err(io::Error::other("unexpected response"));
        }
        self.response.clear();
        Ok(true)
    }
}

/// CPU time of all threads except this one.
fn server_cpu_ns() -> f64 {
    let own = clock_gettime(ClockId::ThreadCPUTime);
    cpu_ns() - (own.tv_sec as f64 * 1e9 + own.tv_nsec as f64)
}
