use super::*;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::task::Poll;

#[test]
fn events_that_a_panic_of_the_reactor_thread_interrupts_are_delivered() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    // A selector of its own, so that the reactor thread does not deliver the event.
    let selector = Selector::new().unwrap();
    let io = Arc::new(ScheduledIo::default());
    let token = lock(&reactor().state).add(&io);
    selector.register(ours.as_fd(), token, Interest::READABLE).unwrap();
    theirs.write_all(b"x").unwrap();

    let serve = |events: &mut Events, _: &mut Vec<Delivery>| {
        selector.wait(events, None).unwrap();
        panic!("the reactor thread panics: the test wants it to");
    };
    run_until_panic(serve, &mut Events::new(), &mut Vec::new());
    assert!(matches!(io.ready_event(Interest::READABLE), Poll::Ready(Ok(_))), "the event was lost");
}
