//! Kernel objects in each reachable combination of poll flags, as data.

use crate::common::ports::refused_udp;
use crate::common::pty::{pty, set_packet_mode};
use crate::common::sockets::{poll_flags, set_timestamps};
use crate::common::{MS, TEST_TIMEOUT};
use nix::sys::socket::{TimestampingFlag, setsockopt, sockopt};
use rustix::event::{EventfdFlags, PollFlags, eventfd};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::net::{AddressFamily, SendFlags, Shutdown, SocketType, send, shutdown};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

pub(crate) const IN: PollFlags = PollFlags::IN;
pub(crate) const OUT: PollFlags = PollFlags::OUT;
pub(crate) const PRI: PollFlags = PollFlags::PRI;
pub(crate) const ERR: PollFlags = PollFlags::ERR;
pub(crate) const HUP: PollFlags = PollFlags::HUP;
pub(crate) const RDHUP: PollFlags = PollFlags::RDHUP;
const NONE: PollFlags = PollFlags::empty();

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Tcp,
    UnconnectedTcp,
    Listener,
    Udp,
    /// A UDP socket that is connected to a closed port.
    RefusedUdp,
    Unix,
    PipeReader,
    PipeWriter,
    PtyMaster,
    /// A pty master in packet mode.
    PtyPacket,
    PtySlave,
    Eventfd,
}

/// An operation that changes the poll flags.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// This end writes until the buffer is full.
    Fill,
    /// The peer reads all data.
    Drain,
    /// This end sends with a TX timestamp, which the kernel puts into the error queue.
    Timestamp,
    /// The peer sends urgent data.
    Urgent,
    /// The peer sends data.
    Data,
    /// The peer shuts down its write half.
    Fin,
    /// This end shuts down its write half.
    ShutDown,
    /// The peer is closed. If it has unread data, a socket is reset.
    Close,
    /// This end, a socket, connects to the peer, a listener. A listener gets a connection.
    Connect,
    /// This end sends to a closed port.
    Refused,
    /// This end, a pty master, stops the output of the slave, which packet mode reports.
    Stop,
}

/// An object, the steps that it has gone through before the waits, and one step that is made before or during them.
#[derive(Debug)]
pub(crate) struct Case {
    kind: Kind,
    base: Vec<Step>,
    last: Option<Step>,
    /// The flags after `base`.
    pub(crate) before: PollFlags,
    /// The flags after `last`.
    pub(crate) after: PollFlags,
    /// Whether an earlier case differs in the order of the steps alone.
    pub(crate) is_repeated: bool,
}

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) ours: OwnedFd,
    peer: Option<OwnedFd>,
    listener: Option<TcpListener>,
}

impl Case {
    pub(crate) fn build(&self) -> Object {
        let mut object = Object::new(self.kind);
        for step in &self.base {
            object.apply(*step);
        }
        object.wait_for(self.before, self);
        object
    }

    pub(crate) fn last_step(&self, object: &mut Object) {
        if let Some(last) = self.last {
            object.apply(last);
            object.wait_for(self.after, self);
        }
    }
}

impl Object {
    fn new(kind: Kind) -> Object {
        let mut listener = None;
        let (ours, peer): (OwnedFd, Option<OwnedFd>) = match kind {
            Kind::Tcp => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                set_socket_recv_buffer_size(&listener, 1 << 16).unwrap();
                let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                set_socket_send_buffer_size(&ours, 1 << 16).unwrap();
                (ours.into(), Some(listener.accept().unwrap().0.into()))
            }
            Kind::UnconnectedTcp => {
                listener = Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
                let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None);
                (socket.unwrap(), None)
            }
            Kind::Listener => {
                let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                listener = Some(socket.try_clone().unwrap());
                (socket.into(), None)
            }
            Kind::Udp => {
                let ours = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
                ours.connect(peer.local_addr().unwrap()).unwrap();
                peer.connect(ours.local_addr().unwrap()).unwrap();
                (ours.into(), Some(peer.into()))
            }
            Kind::RefusedUdp => {
                let (ours, holder) = refused_udp();
                (ours.into(), Some(holder.into()))
            }
            Kind::Unix => {
                let (ours, peer) = UnixStream::pair().unwrap();
                (ours.into(), Some(peer.into()))
            }
            Kind::PipeReader => {
                let (reader, writer) = rustix::pipe::pipe().unwrap();
                (reader, Some(writer))
            }
            Kind::PipeWriter => {
                let (reader, writer) = rustix::pipe::pipe().unwrap();
                (writer, Some(reader))
            }
            Kind::PtyMaster => {
                let (master, slave, _) = pty();
                (master, Some(slave))
            }
            Kind::PtyPacket => {
                let (master, slave, _) = pty();
                assert!(set_packet_mode(&master));
                (master, Some(slave))
            }
            Kind::PtySlave => {
                let (master, slave, _) = pty();
                (slave, Some(master))
            }
            Kind::Eventfd => {
                let ours = eventfd(0, EventfdFlags::empty()).unwrap();
                let peer = ours.try_clone().unwrap();
                (ours, Some(peer))
            }
        };
        for fd in [Some(&ours), peer.as_ref()].into_iter().flatten() {
            rustix::io::ioctl_fionbio(fd, true).unwrap();
        }
        Object { ours, peer, listener }
    }

    fn apply(&mut self, step: Step) {
        let peer = self.peer.as_ref();
        match step {
            Step::Fill => while rustix::io::write(&self.ours, &[0; 4096]).is_ok() {},
            Step::Drain => while rustix::io::read(peer.unwrap(), &mut [0; 1 << 16]).is_ok() {},
            Step::Timestamp => {
                set_timestamps(&self.ours);
                rustix::io::write(&self.ours, b"x").unwrap();
                let off = TimestampingFlag::empty();
                setsockopt(&self.ours, sockopt::Timestamping, &off).unwrap();
            }
            Step::Urgent => drop(send(peer.unwrap(), b"!", SendFlags::OOB).unwrap()),
            // Eight bytes, because an eventfd takes no others. (Its sum of two writes is above zero too.)
            Step::Data => drop(rustix::io::write(peer.unwrap(), &1u64.to_ne_bytes()).unwrap()),
            Step::Fin => shutdown(peer.unwrap(), Shutdown::Write).unwrap(),
            Step::ShutDown => shutdown(&self.ours, Shutdown::Write).unwrap(),
            Step::Close => self.peer = None,
            Step::Connect => {
                let address = self.listener.as_ref().unwrap().local_addr().unwrap();
                if poll_flags(&self.ours).contains(HUP) {
                    rustix::net::connect(&self.ours, &address).or_else(in_progress).unwrap();
                } else {
                    self.peer = Some(TcpStream::connect(address).unwrap().into());
                }
            }
            Step::Refused => drop(rustix::io::write(&self.ours, b"x").unwrap()),
            Step::Stop => drop(rustix::io::write(&self.ours, b"\x13").unwrap()),
        }
    }

    /// Waits until `poll(2)` reports exactly `flags`. Data may be under way between the two ends.
    fn wait_for(&mut self, flags: PollFlags, case: &Case) {
        let start = Instant::now();
        loop {
            let now = poll_flags(&self.ours);
            if now == flags {
                return;
            }
            assert!(start.elapsed() < TEST_TIMEOUT / 6, "{case:?} has the flags {now:?}");
            std::thread::sleep(MS / 10);
            if case.last == Some(Step::Drain) && flags.contains(OUT) {
                self.apply(Step::Drain);
            } else if case.base.contains(&Step::Fill) && !flags.contains(OUT) {
                self.apply(Step::Fill);
            }
        }
    }
}

fn in_progress(error: rustix::io::Errno) -> rustix::io::Result<()> {
    if error == rustix::io::Errno::INPROGRESS { Ok(()) } else { Err(error) }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = tcp_cases();
    cases.extend(others());
    if !set_packet_mode(&pty().0) {
        eprintln!("skipped: pseudoterminals in packet mode, because there is no perl");
        cases.retain(|case| case.kind != Kind::PtyPacket);
    }
    cases
}

/// A connected TCP socket in every combination of room, a timestamp, urgent data, data and a half close, each of which
/// comes last in one case.
fn tcp_cases() -> Vec<Case> {
    use Step::{Data, Drain, Fill, Fin, Timestamp, Urgent};
    let mut cases = Vec::new();
    for set in 0..1 << 5 {
        let steps = [Timestamp, Fill, Urgent, Data, Fin];
        let chosen = (0..5).filter(|bit| set >> bit & 1 == 1).map(|bit| steps[bit]);
        let chosen: Vec<Step> = chosen.collect();
        let has = |step| chosen.contains(&step);
        let mut is_repeated = false;
        for last in chosen.iter().copied().chain([Drain]) {
            let possible = match last {
                Timestamp | Drain => !has(Fill),
                Urgent | Data => !has(Fin),
                _ => last == Fin,
            };
            if possible {
                let mut base: Vec<Step> = chosen.iter().copied().filter(|s| *s != last).collect();
                if last == Drain {
                    base.insert(usize::from(has(Timestamp)), Fill);
                }
                let (before, after) = (tcp_flags(&base), tcp_flags(&chosen));
                let is_repeated = std::mem::replace(&mut is_repeated, true);
                let last = Some(last);
                cases.push(Case { kind: Kind::Tcp, base, last, before, after, is_repeated });
            }
        }
    }
    cases
}

fn tcp_flags(steps: &[Step]) -> PollFlags {
    let mut flags = OUT;
    for step in steps {
        match step {
            Step::Fill => flags.remove(OUT),
            Step::Timestamp => flags.insert(ERR),
            Step::Urgent => flags.insert(PRI),
            Step::Data => flags.insert(IN),
            Step::Fin => flags.insert(IN | RDHUP),
            _ => unreachable!(),
        }
    }
    flags
}

fn others() -> Vec<Case> {
    use Step::*;
    let closed = IN | OUT | RDHUP | HUP;
    let case = |kind, steps: &[Step], before, after| {
        let (last, base) = steps.split_last().map_or((None, vec![]), |(l, b)| (Some(*l), b.into()));
        Case { kind, base, last, before, after, is_repeated: false }
    };
    vec![
        case(Kind::Tcp, &[], OUT, OUT),
        case(Kind::Tcp, &[ShutDown], OUT, OUT),
        case(Kind::Tcp, &[Fill, ShutDown], NONE, OUT),
        case(Kind::Tcp, &[Fin, ShutDown], IN | OUT | RDHUP, closed),
        case(Kind::Tcp, &[ShutDown, Fin], OUT, closed),
        case(Kind::Tcp, &[Timestamp, ShutDown, Fin], OUT | ERR, closed | ERR),
        case(Kind::Tcp, &[Fill, Close], NONE, closed | ERR),
        case(Kind::Tcp, &[Fill, Data, Close], IN, closed | ERR),
        case(Kind::UnconnectedTcp, &[], OUT | HUP, OUT | HUP),
        case(Kind::UnconnectedTcp, &[Connect], OUT | HUP, OUT),
        case(Kind::Listener, &[], NONE, NONE),
        case(Kind::Listener, &[Connect], NONE, IN),
        case(Kind::Udp, &[], OUT, OUT),
        case(Kind::Udp, &[Data], OUT, IN | OUT),
        case(Kind::Udp, &[Timestamp], OUT, OUT | ERR),
        case(Kind::Udp, &[Data, Timestamp], IN | OUT, IN | OUT | ERR),
        case(Kind::Udp, &[Timestamp, Data], OUT | ERR, IN | OUT | ERR),
        case(Kind::RefusedUdp, &[Refused], OUT, OUT | ERR),
        case(Kind::Unix, &[], OUT, OUT),
        case(Kind::Unix, &[Data], OUT, IN | OUT),
        case(Kind::Unix, &[Fill, Data], NONE, IN),
        case(Kind::Unix, &[Fill, Drain], NONE, OUT),
        case(Kind::Unix, &[Fill, Fin], NONE, IN | RDHUP),
        case(Kind::Unix, &[Data, Fin], IN | OUT, IN | OUT | RDHUP),
        case(Kind::Unix, &[Data, Close], IN | OUT, closed),
        case(Kind::Unix, &[Fill, Close], NONE, closed | ERR),
        case(Kind::PipeReader, &[], NONE, NONE),
        case(Kind::PipeReader, &[Data], NONE, IN),
        case(Kind::PipeReader, &[Close], NONE, HUP),
        case(Kind::PipeReader, &[Data, Close], IN, IN | HUP),
        case(Kind::PipeWriter, &[], OUT, OUT),
        case(Kind::PipeWriter, &[Fill, Drain], NONE, OUT),
        case(Kind::PipeWriter, &[Close], OUT, OUT | ERR),
        case(Kind::PipeWriter, &[Fill, Close], NONE, ERR),
        case(Kind::PtyMaster, &[], OUT, OUT),
        case(Kind::PtyMaster, &[Data], OUT, IN | OUT),
        case(Kind::PtyMaster, &[Close], OUT, OUT | HUP),
        case(Kind::PtyMaster, &[Data, Close], IN | OUT, IN | OUT | HUP),
        case(Kind::PtyPacket, &[Stop], OUT, IN | PRI | OUT),
        case(Kind::PtyPacket, &[Close], OUT, OUT | HUP),
        case(Kind::PtyPacket, &[Stop, Close], IN | PRI | OUT, IN | PRI | OUT | HUP),
        case(Kind::PtySlave, &[], OUT, OUT),
        case(Kind::PtySlave, &[Close], OUT, IN | OUT | ERR | HUP),
        case(Kind::Eventfd, &[], OUT, OUT),
        case(Kind::Eventfd, &[Data], OUT, IN | OUT),
    ]
}
