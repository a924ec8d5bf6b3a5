//! The shell: HTTP/1.1 around [`Relay`], with a bound on everything a stranger can hold on to — connections, the
//! time for a head, the time for a body, bytes in memory, requests at once. It knows no protocol but HTTP.
//!
//! TLS is the business of a proxy in front. Compressed bodies are refused, not inflated.

mod connections;
mod handlers;
mod running;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub use self::running::{RunningRelay, StartError};

use self::connections::{Connections, Slot};
use crate::relay::Relay;

/// How long requests that are being worked on may take when the relay closes.
const GRACE: Duration = Duration::from_secs(10);
/// How often overdue connections are looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// How often the relay tidies up.
const MAINTAIN: Duration = Duration::from_secs(10 * 60);

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Listens on an address. The system's queue is longer than usual, so that a burst of connections waits there
/// for a moment instead of a second, which is how long an overflowing queue makes a client wait.
///
/// # Errors
/// As the system says.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A relay that comes back does not wait for the old one's last connections to be forgotten.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// Serves until `shutdown` is done, then lets requests that are being worked on finish.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    relay: Arc<Relay>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let closing = CancellationToken::new();
    let connections = Connections::new(relay.limits(), relay.behind_proxy());
    let router = handlers::router(Arc::clone(&relay), closing.clone());
    // Every connection holds a sender: when all are gone, all are done.
    let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
    let mut sweep = tokio::time::interval(SWEEP);
    let mut maintain = tokio::time::interval(MAINTAIN);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            _ = sweep.tick() => connections.cut_overdue(),
            _ = maintain.tick() => {
                let relay = Arc::clone(&relay);
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = relay.maintain(now_ms()) {
                        tracing::error!(%error, "tidying up failed");
                    }
                });
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match connections.admit(peer.ip()) {
                    Some(slot) => {
                        let service = router.clone();
                        let (closing, alive) = (closing.clone(), alive.clone());
                        tokio::spawn(async move {
                            attend(stream, slot, service, closing).await;
                            drop(alive);
                        });
                    }
                    None => refuse(&stream, connections::BUSY),
                },
                Err(error) if is_passing(&error) => {
                    // No file is free: the longest idle connection gives its back.
                    connections.cut_one();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error),
            },
        }
    }
    drop(listener);
    closing.cancel();
    drop(alive);
    if tokio::time::timeout(GRACE, gone.recv()).await.is_err() {
        tracing::warn!("closed with requests still open");
    }
    Ok(())
}

/// Whether accepting may work again in a moment: the peer went away, or no file is free.
fn is_passing(error: &io::Error) -> bool {
    const NO_FILE_LEFT: [i32; 2] = [23, 24];
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::WouldBlock
    ) || error.raw_os_error().is_some_and(|code| NO_FILE_LEFT.contains(&code))
}

/// Serves one connection until it ends, is cut, or the relay closes.
async fn attend(
    stream: TcpStream,
    slot: Arc<Slot>,
    router: axum::Router,
    closing: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let with_slot = {
        let slot = Arc::clone(&slot);
        tower::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&slot));
            router.clone().oneshot(request)
        })
    };
    let service = TowerToHyperService::new(with_slot);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(slot.idle_limit())
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut told = false;
    loop {
        tokio::select! {
            _ = &mut connection => return,
            () = slot.cut() => break,
            () = closing.cancelled(), if !told => {
                told = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    // A connection that is being answered is not cut, so nothing of an answer was sent yet.
    let stream = connection.into_parts().io.into_inner();
    refuse(&stream, slot.reason());
}

/// Says why in one write, if the socket takes it, and closes.
fn refuse(stream: &TcpStream, reason: &[u8]) {
    let _ = stream.try_write(reason);
}
