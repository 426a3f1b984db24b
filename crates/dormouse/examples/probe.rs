use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
fn main() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let n = 2_000_000u32;
    let mut lat = vec![];
    for which in ["builtin/asyncio", "tokio"] {
        let _g = (which == "tokio").then(|| rt.enter());
        let mut keep = vec![];
        for pend in [0, 1000, 100_000, 1_000_000] {
            let cx = &mut Context::from_waker(Waker::noop());
            let w = std::sync::Arc::new(W);
            let w = Waker::from(w);
            let cx = &mut Context::from_waker(&w);
            while keep.len() < pend {
                let mut s = Box::pin(dormouse::sleep(
                    Duration::from_secs(1000)
                        + Duration::from_micros(keep.len() as u64 * 7 % 1000000),
                ));
                let _ = s.as_mut().poll(cx);
                keep.push(s);
            }
            let t = Instant::now();
            for i in 0..n {
                let mut s = pin!(dormouse::sleep(
                    Duration::from_secs(1001) + Duration::from_micros((i % 5000) as u64)
                ));
                let _ = std::hint::black_box(s.as_mut().poll(cx));
            }
            println!("{which} pending {pend}: {:.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
        }
    }
    let _g = rt.enter();
    let mut keep = vec![];
    let w = std::sync::Arc::new(W);
    let w = Waker::from(w);
    let cx = &mut Context::from_waker(&w);
    rt.block_on(async { tokio::time::sleep(Duration::from_millis(2)).await });
    for pend in [1, 1000, 100_000, 1_000_000] {
        while keep.len() < pend {
            let mut s = Box::pin(tokio::time::sleep(
                Duration::from_secs(1000) + Duration::from_micros(keep.len() as u64 * 7 % 1000000),
            ));
            let _ = s.as_mut().poll(cx);
            keep.push(s);
        }
        rt.block_on(async { tokio::time::sleep(Duration::from_millis(2)).await });
        let t = Instant::now();
        for i in 0..n {
            let mut s = pin!(tokio::time::sleep(
                Duration::from_secs(1001) + Duration::from_micros((i % 5000) as u64)
            ));
            let _ = std::hint::black_box(s.as_mut().poll(cx));
        }
        println!("tokio::time pending {pend}: {:.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
    }
    drop(_g);
    for which in ["bare", "tokio"] {
        lat.clear();
        let f = async {
            for _ in 0..500 {
                let s = dormouse::sleep(Duration::from_millis(1));
                let d = s.deadline();
                s.await;
                lat.push((dormouse::time::Instant::now() - d).as_nanos() / 1000);
            }
        };
        if which == "tokio" {
            rt.block_on(f)
        } else {
            dormouse::block_on(f)
        }
        lat.sort();
        println!("{which} late p50 {} p99 {}", lat[250], lat[495]);
    }
}
struct W;
impl std::task::Wake for W {
    fn wake(self: std::sync::Arc<Self>) {}
}
