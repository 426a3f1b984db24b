//! The attribute `every_executor`: names, results and time limits of the generated tests.
//!
//! Tests that must fail are ignored. Other tests run them in a child process and check their output.

use dormouse::io::{AsyncFd, Interest};
use dormouse_check::every_executor;
use std::env;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

/// The names of the tests that are generated for the executors that are compiled in.
fn compiled_in() -> Vec<&'static str> {
    let mut names = vec![];
    for (feature, tests) in [
        (cfg!(feature = "async-std"), &["async_std"][..]),
        (cfg!(feature = "futures"), &["futures_local_pool", "futures_thread_pool"]),
        (cfg!(feature = "pollster"), &["pollster"]),
        (cfg!(feature = "smol"), &["smol"]),
        (true, &["std"]),
        (cfg!(feature = "tokio"), &["tokio_current_thread", "tokio_multi_thread"]),
    ] {
        if feature {
            names.extend(tests);
        }
    }
    names
}

/// Runs the tests of one module of this file in a child process. Returns whether they pass, and the output.
fn run(module: &str, args: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } =
        Command::new(env::current_exe().expect("the path of this executable"))
            .arg(format!("{module}::"))
            .args(args)
            .env("RUST_BACKTRACE", "0")
            .output()
            .expect("failed to start a child process");
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (status.success(), text)
}

/// The names of the tests of one module of this file.
fn tests_of(module: &str) -> Vec<String> {
    let (_, list) = run(module, &["--list"]);
    let prefix = format!("{module}::");
    let mut names: Vec<String> = list
        .lines()
        .filter_map(|line| line.strip_prefix(&prefix)?.strip_suffix(": test"))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

/// The output of one failed test, from its headline to the next one.
fn section<'a>(output: &'a str, test: &str) -> &'a str {
    let headline = format!("---- {test} stdout ----");
    let begin = output.find(&headline).unwrap_or_else(|| panic!("{test} did not fail: {output}"));
    let rest = &output[begin + headline.len()..];
    &rest[..rest.find("\n---- ").unwrap_or(rest.len())]
}

#[every_executor]
async fn passes() {
    assert_eq!(std::future::ready(7).await, 7);
}

#[test]
fn each_compiled_in_executor_has_a_test_named_after_it() {
    assert_eq!(tests_of("passes"), compiled_in());
}

#[every_executor(only(std, smol))]
async fn on_two() {}

#[every_executor(except(std, smol))]
async fn on_all_but_two() {}

#[test]
fn executors_are_selected_or_excluded_by_name() {
    let (two, others): (Vec<_>, Vec<_>) =
        compiled_in().into_iter().partition(|&name| name == "std" || name == "smol");
    assert_eq!(tests_of("on_two"), two);
    assert_eq!(tests_of("on_all_but_two"), others);
}

#[every_executor]
async fn returns_ok() -> Result<(), std::num::ParseIntError> {
    let seven: u8 = std::future::ready("7").await.parse()?;
    assert_eq!(seven, 7);
    Ok(())
}

#[every_executor]
#[ignore = "fails; another test checks the output"]
async fn returns_err() -> Result<(), String> {
    Err(std::future::ready("not seven".to_owned()).await)
}

#[test]
fn an_err_fails_the_test_and_is_printed() {
    let (passed, output) = run("returns_err", &["--ignored"]);
    assert!(!passed, "{output}");
    for name in compiled_in() {
        let section = section(&output, &format!("returns_err::{name}"));
        assert!(section.contains(r#"Error: "not seven""#), "{section}");
    }
}

#[every_executor]
#[should_panic(expected = "not seven")]
async fn panics_as_expected() {
    assert_eq!(std::future::ready(6).await, 7, "not seven");
}

#[every_executor]
#[ignore = "fails; another test checks the output"]
async fn panics() {
    assert!(std::future::ready(6).await == 7);
}

#[test]
fn a_panic_fails_the_test_and_prints_the_original_expression() {
    let (passed, output) = run("panics", &["--ignored"]);
    assert!(!passed, "{output}");
    for name in compiled_in() {
        let section = section(&output, &format!("panics::{name}"));
        assert!(
            section.contains("assertion failed: std::future::ready(6).await == 7"),
            "{section}"
        );
        assert!(section.contains("tests/every_executor.rs:"), "{section}");
    }
}

#[every_executor(time_limit = "300 ms")]
#[ignore = "fails; another test checks the output"]
async fn hangs() {
    let (_sender, receiver) =
        UnixStream::pair().and_then(registered).expect("failed to create a socket pair");
    std::future::ready(()).await;
    let read = async {
        receiver.readable().await // It hangs here.
    };
    drop(read.await);
}

/// The line and the column of the await in [`hangs`].
fn hangs_at() -> String {
    (1..)
        .zip(include_str!("every_executor.rs").lines())
        .find(|(_, line)| line.ends_with("// It hangs here."))
        .and_then(|(number, line)| Some(format!("{number}:{}", line.find("await")? + 1)))
        .expect("the marked line")
}

#[test]
fn a_test_that_hangs_reports_its_executor_and_await() {
    let (passed, output) = run("hangs", &["--ignored"]);
    assert!(!passed, "{output}");
    for name in compiled_in() {
        let section = section(&output, &format!("hangs::{name}"));
        let executor = name.replace("async_std", "async-std");
        let executor = executor.split('_').next().expect("a first word");
        assert!(section.contains(&format!("on `{executor}")), "{section}");
        let point = format!("tests/every_executor.rs:{}: `receiver.readable().await`", hangs_at());
        assert!(section.contains(&point), "{section}");
        assert!(section.contains("`read.await`") && !section.contains("ready(())"), "{section}");
    }
}

#[every_executor(time_limit = "300 ms")]
#[should_panic]
#[ignore = "fails; another test checks the output"]
async fn hangs_instead_of_panicking() {
    std::future::pending::<()>().await;
}

#[test]
fn a_should_panic_test_that_hangs_fails() {
    let (passed, output) = run("hangs_instead_of_panicking", &["--ignored"]);
    assert!(!passed, "{output}");
    for name in compiled_in() {
        let section = section(&output, &format!("hangs_instead_of_panicking::{name}"));
        assert!(section.contains("`std::future::pending::<()>().await`"), "{section}");
    }
}

#[every_executor]
#[should_panic(expected = "not seven")]
async fn panics_although_it_returns_a_result() -> Result<(), String> {
    assert_eq!(std::future::ready(6).await, 7, "not seven");
    Ok(())
}

#[every_executor]
#[should_panic]
#[ignore = "fails; another test checks the output"]
async fn returns_err_instead_of_panicking() -> Result<(), String> {
    Err("not seven".to_owned())
}

#[test]
fn a_should_panic_test_that_returns_an_error_fails() {
    let (passed, output) = run("returns_err_instead_of_panicking", &["--ignored"]);
    assert!(!passed && output.contains("test did not panic as expected"), "{output}");
}

#[every_executor]
#[cfg(any())]
async fn is_disabled_by_cfg() {
    this_does_not_exist().await;
}

#[every_executor]
#[cfg_attr(all(), ignore, allow(unused_variables))]
async fn is_ignored_by_cfg_attr() {
    let unused = 7;
    panic!("it is ignored");
}

#[every_executor]
#[cfg_attr(all(), should_panic)]
#[cfg_attr(any(), ignore)]
async fn should_panic_by_cfg_attr() {
    panic!("expected");
}

#[test]
fn cfg_and_cfg_attr_apply_to_the_generated_tests() {
    assert!(tests_of("is_disabled_by_cfg").is_empty());
    let (passed, output) = run("is_ignored_by_cfg_attr", &[]);
    let ignored = format!("{} ignored", compiled_in().len());
    assert!(passed && output.contains(&ignored), "{output}");
}

#[every_executor(except(futures_thread_pool))]
async fn a_test_need_not_be_send() {
    let before = Rc::new(thread::current().id());
    std::future::ready(()).await;
    assert_eq!(*before, thread::current().id());
}

#[every_executor(only(futures_thread_pool))]
async fn a_test_on_futures_thread_pool_runs_on_a_pool_thread() {
    // The thread that waits for the test has the test's name; the threads of the pool have no name.
    assert_eq!(thread::current().name(), None);
}

#[every_executor(only(tokio_multi_thread))]
async fn a_test_on_tokio_multi_thread_runs_in_such_a_runtime() {
    let flavor = tokio::runtime::Handle::current().runtime_flavor();
    assert_eq!(flavor, tokio::runtime::RuntimeFlavor::MultiThread);
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[every_executor(only(tokio_current_thread))]
async fn a_test_on_tokio_current_thread_runs_in_such_a_runtime() {
    let flavor = tokio::runtime::Handle::current().runtime_flavor();
    assert_eq!(flavor, tokio::runtime::RuntimeFlavor::CurrentThread);
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[every_executor(except(tokio_multi_thread, tokio_current_thread))]
async fn a_test_on_another_executor_runs_outside_any_tokio_runtime() {
    assert!(tokio::runtime::Handle::try_current().is_err());
}

#[every_executor]
async fn a_sleep_completes_and_not_early() {
    let started = Instant::now();
    dormouse::sleep(Duration::from_millis(20)).await;
    assert!(started.elapsed() >= Duration::from_millis(20));
}

fn registered(
    (a, b): (UnixStream, UnixStream),
) -> io::Result<(AsyncFd<UnixStream>, AsyncFd<UnixStream>)> {
    a.set_nonblocking(true)?;
    b.set_nonblocking(true)?;
    Ok((AsyncFd::new(a)?, AsyncFd::new(b)?))
}

#[every_executor]
async fn a_socket_read_returns_what_was_written() -> io::Result<()> {
    let (sender, receiver) = UnixStream::pair().and_then(registered)?;
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        sender.get_ref().write_all(b"seven").map(|()| sender)
    });
    let mut bytes = [0; 5];
    let read = receiver.async_io(Interest::READABLE, |mut stream| stream.read(&mut bytes)).await?;
    assert_eq!(&bytes[..read], b"seven");
    drop(writer.join().expect("the writer panicked")?);
    Ok(())
}

/// Awaits in all common places. Each must compile and behave as without the attribute, and without warnings.
#[every_executor]
async fn rewritten_awaits_keep_their_meaning() -> Result<(), Box<dyn std::error::Error>> {
    use futures::StreamExt;
    use futures::future::{BoxFuture, ready};

    async fn twice(number: &u32) -> u32 {
        ready(number).await * 2
    }
    fn factorial(number: u32) -> BoxFuture<'static, u32> {
        Box::pin(async move { if number == 0 { 1 } else { number * factorial(number - 1).await } })
    }
    struct Later(u32);
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = futures::future::Ready<u32>;
        fn into_future(self) -> Self::IntoFuture {
            ready(self.0)
        }
    }

    let mut sum = twice(&3).await + factorial(3).await;
    sum += Later(1).await;
    let mut numbers = futures::stream::iter([1, 2]);
    while let Some(number) = numbers.next().await {
        sum += number;
    }
    let mut future = Box::pin(async { 4 });
    sum += (&mut future).await;
    let Ok(five) = ready("5").await.parse::<u32>() else { return Err("not five".into()) };
    let add = async |number: u32| number + ready(five).await;
    sum += match add(1).await {
        6 => async { ready("6").await.parse::<u32>() }.await?,
        _ => unreachable!("{}", ready("5 and 1 is 6").await),
    };
    let (a, b) = futures::join!(ready(7), async { ready(8).await });
    assert_eq!(sum + a + b, ready(41).await, "{}", ready("a sum").await);
    assert!(ready(true).await);
    Ok(())
}

/// Executors of the user.
mod own {
    use std::pin::Pin;

    pub(super) fn generic<F: Future<Output = ()>>(future: F) {
        futures::executor::block_on(future);
    }

    pub(super) fn boxed(future: Pin<Box<dyn Future<Output = ()>>>) -> &'static str {
        futures::executor::block_on(future);
        "a result that is not used"
    }

    pub(super) fn virtual_time(future: impl Future<Output = ()>) {
        dormouse::VirtualTime::new().block_on(future);
    }

    pub(super) fn tokio_paused(future: impl Future<Output = ()>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap().block_on(future);
    }
}

#[every_executor(only(std), executors = [own::generic, self::own::boxed])]
async fn on_own_executors() {}

#[test]
fn a_test_on_a_function_is_named_after_it() {
    assert_eq!(tests_of("on_own_executors"), ["boxed", "generic", "std"]);
}

#[every_executor(only(), executors = [own::virtual_time, own::tokio_paused], time_limit = "30 s")]
async fn an_hour_of_virtual_time_takes_no_time() {
    let started = dormouse::time::Instant::now();
    dormouse::sleep(Duration::from_secs(3600)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(3600));
}

/// dormouse-check by another path, as in a crate that renames or re-exports it.
mod renamed {
    pub(super) use dormouse_check as check;
}

#[every_executor(crate = "crate::renamed::check")]
async fn the_path_of_the_crate_can_be_given() {
    assert_eq!(std::future::ready(7).await, 7);
}

#[rstest::rstest]
#[case::two(2, 4)]
#[case::three(3, 9)]
#[test_attr(every_executor)]
async fn with_rstest(#[case] number: u32, #[case] square: u32) {
    assert_eq!(std::future::ready(number * number).await, square);
}

#[test]
fn each_case_of_rstest_runs_on_each_executor() {
    let executors = compiled_in().into_iter();
    let expected = |case: &str| executors.clone().map(|name| format!("{case}::{name}")).collect();
    let cases: [Vec<String>; 2] = ["case_1_two", "case_2_three"].map(expected);
    assert_eq!(tests_of("with_rstest"), cases.concat());
}

#[test_case::test_case(2, 4; "two")]
#[test_case::test_case(3, 9; "three")]
#[every_executor]
async fn with_test_case(number: u32, square: u32) {
    assert_eq!(std::future::ready(number * number).await, square);
}
