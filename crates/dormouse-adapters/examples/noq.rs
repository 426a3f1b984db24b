//! QUIC with noq, on three executors: 64 MiB from a client to a server over loopback.
//!
//! Run it with `cargo run --release -p dormouse-adapters --features noq_1 --example noq`.

mod executors;

use dormouse_adapters::noq_1::DormouseRuntime;
use executors::{Outcome, on_each_executor};
use noq::{ClientConfig, Endpoint, EndpointConfig, ServerConfig};
use std::error::Error;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

/// Sends `bytes` bytes. Returns the number of bytes received and their sum.
pub(crate) async fn transfer(bytes: usize) -> Result<(usize, u64), Box<dyn Error>> {
    let (server, client) = endpoints()?;
    let address = server.local_addr()?;
    let send = async {
        let connection = client.connect(address, "localhost")?.await?;
        let mut stream = connection.open_uni().await?;
        let chunk: Vec<u8> = (0..=255).cycle().take(64 * 1024).collect();
        for start in (0..bytes).step_by(chunk.len()) {
            stream.write_all(&chunk[..chunk.len().min(bytes - start)]).await?;
        }
        stream.finish()?;
        connection.closed().await; // the receiver has read everything
        Ok::<_, Box<dyn Error>>(())
    };
    let receive = async {
        let connection = server.accept().await.ok_or("the endpoint is closed")?.await?;
        let mut stream = connection.accept_uni().await?;
        let (mut len, mut sum) = (0, 0);
        while let Some(chunk) = stream.read_chunk(usize::MAX).await? {
            len += chunk.len();
            sum += chunk.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        connection.close(0u32.into(), b"thanks");
        Ok::<_, Box<dyn Error>>((len, sum))
    };
    let ((), received) = futures::try_join!(send, receive)?;
    client.wait_idle().await;
    Ok(received)
}

/// A server, and a client that trusts its certificate.
pub(crate) fn endpoints() -> Result<(Endpoint, Endpoint), Box<dyn Error>> {
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = generated.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der());
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(certificate.clone())?;
    let server = endpoint(Some(ServerConfig::with_single_cert(vec![certificate], key.into())?))?;
    let client = endpoint(None)?;
    client.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(trusted))?);
    Ok((server, client))
}

fn endpoint(server: Option<ServerConfig>) -> std::io::Result<Endpoint> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let runtime = Arc::new(DormouseRuntime::new());
    Endpoint::new(EndpointConfig::default(), server, socket, runtime)
}

async fn run() -> Outcome {
    let start = Instant::now();
    let (len, _sum) = transfer(64 << 20).await?;
    println!("{len} bytes in {:?}", start.elapsed());
    Ok(())
}

fn main() -> std::process::ExitCode {
    on_each_executor(run)
}
