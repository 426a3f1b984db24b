use super::*;

#[test]
fn a_wait_that_does_not_read_the_clock_does_not_keep_the_reactor_thread_paused() {
    if !Selector::CAN_BE_SHARED {
        return;
    }
    let reactor: &BuiltinReactor = Box::leak(Box::new(BuiltinReactor::new()));
    reactor.selector.get_or_init(|| Selector::new().unwrap());
    reactor.has_thread.store(true, Ordering::SeqCst);
    reactor.role.paused.store(true, Ordering::SeqCst);
    let parker = Parker::new(crate::sync::thread::current());
    let mut waits = PollOrPark::new(&parker);
    waits.reactor = reactor;
    while waits.untimed_waits < UNTIMED_WAITS {
        // Two short polls of the future in a row.
        waits.must_poll_between();
    }
    let polls = || reactor.role.polls.load(Ordering::Relaxed);
    let before = polls();
    for _ in 1..UNTIMED_WAITS {
        assert!(!waits.must_poll_between());
        waits.count_poll_left_out();
    }
    assert_eq!(polls(), before);
    // One that lasts no longer than the polls before it.
    waits.must_poll_between();
    waits.count_poll_left_out();
    assert_eq!(polls(), before + 1);
    // The reactor thread has resumed: each wait is counted, so that it pauses again.
    waits.untimed_waits = UNTIMED_WAITS;
    reactor.role.paused.store(false, Ordering::SeqCst);
    assert!(!waits.must_poll_between());
    waits.count_poll_left_out();
    assert_eq!(polls(), before + 2);
}
