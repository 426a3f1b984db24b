use super::thread::run_despite_panics;
use super::*;
use crate::source;
use std::net::UdpSocket;
use std::sync::mpsc::channel;
use std::task::Poll;

#[test]
fn after_a_panic_the_reactor_thread_delivers_its_events_and_continues() {
    let ours = UdpSocket::bind("127.0.0.1:0").unwrap();
    // A selector of its own, so that the other reactor thread does not deliver the event.
    let selector = Selector::new().unwrap();
    let io = Arc::new(ScheduledIo::default());
    let token = lock(&reactor().state).add(&io);
    // On Windows, what is returned keeps the socket registered.
    #[allow(clippy::let_unit_value)]
    let _registered = selector.register(source::borrow(&ours), token, Interest::READABLE).unwrap();
    ours.send_to(b"x", ours.local_addr().unwrap()).unwrap();

    let (report, served) = channel();
    std::thread::spawn(move || {
        run_despite_panics(|events, _| {
            report.send(()).unwrap();
            selector.wait(events, None).unwrap();
            panic!("the reactor thread panics: the test wants it to");
        });
    });
    // The second call comes after the panic of the first.
    served.recv().unwrap();
    served.recv().unwrap();
    assert!(
        matches!(io.ready_event(Interest::READABLE, None), Poll::Ready(Ok(_))),
        "the event was lost"
    );
}

#[test]
fn tokens_fit_into_a_usize_and_start_again_without_one_that_is_in_use() {
    let mut state = State { thread: None, registrations: None, next_token: 0 };
    let io = Arc::new(ScheduledIo::default());
    let first = state.add(&io);
    state.next_token = usize::MAX as u64 - 2;
    let others = [state.add(&io), state.add(&io)];
    assert_eq!((first, others), (Token(0), [Token(usize::MAX as u64 - 2), Token(1)]));
}
