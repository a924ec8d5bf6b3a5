//! Asking a relay over HTTP: TLS by rustls with the roots of the web and one more where a clinic has its own,
//! clear text only to this machine, bounded time and size. It knows nothing of what it carries.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use futures_util::StreamExt;
use holdfast_domain::words::Message;
use holdfast_protocol::sync::MAX_REQUEST_BYTES;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::Runtime;

use super::transport::{Answer, Ask, Cancel, Transport, TransportError};
use crate::error::{Error, Result};
use crate::identity::address;

/// No answer is larger: a page, and what goes with it.
const MAX_ANSWER_BYTES: usize = 2 * MAX_REQUEST_BYTES;
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(15);
/// How often a wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// An event stream that says nothing for so long is dead: the relay sends a sign of life more often.
const SILENCE: Duration = Duration::from_secs(75);
/// One event is a number; a line longer than this is none.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// HTTP, on a runtime of its own.
pub struct Http {
    client: reqwest::Client,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    /// A client that trusts the web's roots and, where given, those in a PEM text.
    pub(crate) fn new(extra_root_pem: Option<&[u8]>) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(pem) = extra_root_pem {
            let bad = |message: Message| Error::bad("root", message);
            let mut any = false;
            for root in CertificateDer::pem_slice_iter(pem) {
                let root = root.map_err(|error| {
                    bad(Message::new("root.unreadable").with("detail", error.to_string()))
                })?;
                roots.add(root).map_err(|error| {
                    bad(Message::new("root.unusable").with("detail", error.to_string()))
                })?;
                any = true;
            }
            if !any {
                return Err(bad(Message::new("root.none")));
            }
        }
        let failed = |why: String| Error::Relay {
            code: "no_network",
            message: Message::new("relay_said.no_network").with("detail", why),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("holdfast/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("holdfast-net")
            .enable_all()
            .build()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { client, runtime: Some(runtime) })
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the runtime lives as long as its owner")
    }

    fn request(
        &self,
        method: reqwest::Method,
        ask: &Ask,
    ) -> std::result::Result<reqwest::RequestBuilder, TransportError> {
        // Looked at again here, so that no other way leads to clear text.
        let base = address::parse(&ask.relay)
            .map_err(|error| TransportError::BadAddress(error.to_string()))?;
        let mut request = self.client.request(method, format!("{base}{}", ask.path));
        if let Some(token) = &ask.token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| TransportError::BadAddress("the token is none".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// Runs a task to its end, or until it is not wanted any more.
    fn wait<T: Send + 'static>(
        &self,
        task: impl Future<Output = std::result::Result<T, TransportError>> + Send + 'static,
        timeout: Duration,
        cancel: &Cancel,
    ) -> std::result::Result<T, TransportError> {
        let (send, receive) = channel();
        let running = self.runtime().spawn(async move {
            let done = tokio::time::timeout(timeout, task).await;
            let _ = send.send(done.unwrap_or(Err(TransportError::TimedOut)));
        });
        loop {
            match receive.recv_timeout(LOOK) {
                Ok(done) => return done,
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => {
                    running.abort();
                    return Err(TransportError::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(TransportError::Broken("the request broke off".to_owned()));
                }
            }
        }
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // Never waits: an engine may be dropped inside somebody else's runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn failed(error: &reqwest::Error) -> TransportError {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        TransportError::TimedOut
    } else if error.is_connect() || error.is_request() {
        TransportError::Unreachable(why)
    } else {
        TransportError::Broken(why)
    }
}

impl Transport for Http {
    fn exchange(
        &self,
        ask: &Ask,
        timeout_ms: u64,
        cancel: &Cancel,
    ) -> std::result::Result<Answer, TransportError> {
        let request = self
            .request(reqwest::Method::POST, ask)?
            .header(CONTENT_TYPE, "application/cbor")
            .body(ask.body.clone());
        let task = async move {
            let response = request.send().await.map_err(|error| failed(&error))?;
            let status = response.status().as_u16();
            let mut body = Vec::new();
            let mut stream = response.bytes_stream();
            while let Some(piece) = stream.next().await {
                let piece = piece.map_err(|error| failed(&error))?;
                if body.len() + piece.len() > MAX_ANSWER_BYTES {
                    let why = format!("it has more than {MAX_ANSWER_BYTES} bytes");
                    return Err(TransportError::Broken(why));
                }
                body.extend_from_slice(&piece);
            }
            Ok(Answer { status, body })
        };
        self.wait(task, Duration::from_millis(timeout_ms), cancel)
    }

    fn follow(
        &self,
        ask: &Ask,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> std::result::Result<(), TransportError> {
        let request = self.request(reqwest::Method::GET, ask)?.header(ACCEPT, "text/event-stream");
        let (send, receive) = channel();
        let running = self.runtime().spawn(async move {
            let _ = send.send(match listen(request, &send).await {
                Ok(()) => Err(TransportError::Broken("the event stream ended".to_owned())),
                Err(error) => Err(error),
            });
        });
        let ended = loop {
            match receive.recv_timeout(LOOK) {
                Ok(Ok(feed)) => {
                    if on_event(feed).is_break() {
                        break Ok(());
                    }
                }
                Ok(Err(error)) => break Err(error),
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => break Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    break Err(TransportError::Broken("the event stream broke off".to_owned()));
                }
            }
        };
        running.abort();
        ended
    }
}

type Event = std::result::Result<u64, TransportError>;

/// Reads events and hands on their numbers until the stream ends.
async fn listen(
    request: reqwest::RequestBuilder,
    send: &std::sync::mpsc::Sender<Event>,
) -> std::result::Result<(), TransportError> {
    let response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(TransportError::Broken(format!("the relay answers with status {status}")));
    }
    let _ = send.send(Ok(0));
    let mut stream = response.bytes_stream();
    let mut line = Vec::new();
    loop {
        let piece = tokio::time::timeout(SILENCE, stream.next())
            .await
            .map_err(|_| TransportError::TimedOut)?;
        let Some(piece) = piece else { return Ok(()) };
        for byte in piece.map_err(|error| failed(&error))? {
            if byte != b'\n' {
                line.push(byte);
                if line.len() > MAX_LINE_BYTES {
                    return Err(TransportError::Broken("an event without an end".to_owned()));
                }
                continue;
            }
            if let Some(feed) = feed_of(&line) {
                let _ = send.send(Ok(feed));
            }
            line.clear();
        }
    }
}

/// The number in a line `data: N`.
fn feed_of(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line).ok()?.strip_prefix("data:")?.trim().parse().ok()
}
