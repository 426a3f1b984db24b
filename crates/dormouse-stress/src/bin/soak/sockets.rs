//! Sockets on the reactor of the executor that runs this task: a client and an echo server on the loopback interface.
//! Checks the bytes that come back.

use crate::random::Random;
use crate::state::State;
use dormouse::net::{TcpListener, TcpStream};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A connection that takes longer is a fault.
const TIME_LIMIT: Duration = Duration::from_secs(20);
const MAX_BYTES: usize = 20_000;

pub(crate) async fn run(state: Arc<State>, seed: u64) {
    let mut random = Random::new(seed);
    while !state.stopping.load(Ordering::Relaxed) {
        let stalls = state.stalls.get();
        match dormouse::timeout(TIME_LIMIT, connection(&state, &mut random)).await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => state.stats.fault(format!("a connection failed: {err}")),
            Err(_) => {
                // By then a stall of the machine is counted.
                dormouse::sleep(Duration::from_secs(1)).await;
                if state.stalls.get() == stalls {
                    state.stats.fault(format!("a connection took more than {TIME_LIMIT:?}"));
                }
            }
        }
    }
}

/// One connection with 50 round trips.
async fn connection(state: &State, random: &mut Random) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let (client, server) = futures::join!(TcpStream::connect(address), listener.accept());
    let (client, (server, _)) = (client?, server?);
    for _ in 0..50 {
        let sent: Vec<u8> = (0..=random.below(MAX_BYTES)).map(|byte| byte as u8).collect();
        let mut received = vec![0; sent.len()];
        let (written, echoed) = futures::join!(client.write_all(&sent), async {
            server.read_exact(&mut received).await?;
            server.write_all(&received).await
        });
        written?;
        echoed?;
        let mut returned = vec![0; sent.len()];
        client.read_exact(&mut returned).await?;
        if returned != sent {
            state.stats.fault("a socket returned other bytes than were sent".to_owned());
        }
        state.stats.round_trips.add();
        dormouse::sleep(Duration::from_micros(random.below(5000) as u64)).await;
    }
    Ok(())
}
