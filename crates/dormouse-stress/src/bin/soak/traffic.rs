//! Sockets on the reactor of whoever runs this: a client and a server on the loopback, and what they say is checked.

use crate::cohort::Field;
use crate::random::Random;
use dormouse::net::{TcpListener, TcpStream};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What one exchange has to be over in.
const PATIENCE: Duration = Duration::from_secs(20);
const LONGEST: usize = 20_000;

pub(crate) async fn run(field: Arc<Field>, seed: u64) {
    let mut random = Random::new(seed);
    while !field.ending.load(Ordering::Relaxed) {
        let standstills = field.standstills.get();
        match dormouse::timeout(PATIENCE, connection(&field, &mut random)).await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => field.ledger.fault(format!("a connection failed: {err}")),
            Err(_) => {
                // Whether it was the machine is known by then.
                dormouse::sleep(Duration::from_secs(1)).await;
                if field.standstills.get() == standstills {
                    field.ledger.fault(format!("a connection took more than {PATIENCE:?}"));
                }
            }
        }
    }
}

/// A connection, and a few dozen exchanges.
async fn connection(field: &Field, random: &mut Random) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.get_ref().local_addr()?;
    let (client, server) = futures::join!(TcpStream::connect(address), listener.accept());
    let (client, (server, _)) = (client?, server?);
    for _ in 0..50 {
        let sent: Vec<u8> = (0..=random.below(LONGEST)).map(|byte| byte as u8).collect();
        let mut heard = vec![0; sent.len()];
        let (said, echoed) = futures::join!(write_all(&client, &sent), async {
            read_exact(&server, &mut heard).await?;
            write_all(&server, &heard).await
        });
        said?;
        echoed?;
        let mut back = vec![0; sent.len()];
        read_exact(&client, &mut back).await?;
        if back != sent {
            field.ledger.fault("a socket returned something else than was sent".to_owned());
        }
        field.ledger.exchanges.add();
        dormouse::sleep(Duration::from_micros(random.below(5000) as u64)).await;
    }
    Ok(())
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = stream.write(bytes).await?;
        bytes = &bytes[written..];
    }
    Ok(())
}

async fn read_exact(stream: &TcpStream, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = stream.read(bytes).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
    }
    Ok(())
}
