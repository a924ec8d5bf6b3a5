//! Asking a relay over HTTP: TLS by rustls with the roots of the web and one more where a clinic has its own,
//! clear text only to this machine, bounded time and size. It knows nothing of what it carries.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use futures_util::StreamExt;
use holdfast_domain::words::Message;
use holdfast_protocol::live::MAX_LIVE_BYTES;
use holdfast_protocol::sync::MAX_REQUEST_BYTES;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::Runtime;

use super::transport::{Answer, Ask, Cancel, StreamEvent, Transport, TransportError};
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
/// An event is a number or a live message; a line longer than this is none.
const MAX_LINE_BYTES: usize = 16 * 1024;
/// How many events wait at most for whoever follows a stream.
const WAITING_EVENTS: usize = 64;
/// How long to wait for room among them.
const FULL: Duration = Duration::from_millis(2);

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
        on_event: &mut dyn FnMut(StreamEvent) -> ControlFlow<()>,
    ) -> std::result::Result<(), TransportError> {
        let request = self.request(reqwest::Method::GET, ask)?.header(ACCEPT, "text/event-stream");
        // As much as may wait: then the stream itself is not read any further.
        let (send, receive) = sync_channel(WAITING_EVENTS);
        let running = self.runtime().spawn(async move {
            let ended = match listen(request, &send).await {
                Ok(()) => Err(TransportError::Broken("the event stream ended".to_owned())),
                Err(error) => Err(error),
            };
            hand_over(&send, ended).await;
        });
        let ended = loop {
            match receive.recv_timeout(LOOK) {
                Ok(Ok(event)) => {
                    if on_event(event).is_break() || cancel.is_cancelled() {
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

type Event = std::result::Result<StreamEvent, TransportError>;

/// Waits until there is room. Gives whether anybody still listens.
async fn hand_over(send: &SyncSender<Event>, event: Event) -> bool {
    let mut event = event;
    loop {
        event = match send.try_send(event) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(event)) => event,
        };
        tokio::time::sleep(FULL).await;
    }
}

/// Reads events and hands them on until the stream ends.
async fn listen(
    request: reqwest::RequestBuilder,
    send: &SyncSender<Event>,
) -> std::result::Result<(), TransportError> {
    let response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(TransportError::Broken(format!("the relay answers with status {status}")));
    }
    if !hand_over(send, Ok(StreamEvent::Open)).await {
        return Ok(());
    }
    let mut stream = response.bytes_stream();
    let mut line = Vec::new();
    let mut live = false;
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
            if let Some(event) = event_of(&line, &mut live)
                && !hand_over(send, Ok(event)).await
            {
                return Ok(());
            }
            line.clear();
        }
    }
}

/// What a line says. `live` is whether the event it belongs to is a live message.
fn event_of(line: &[u8], live: &mut bool) -> Option<StreamEvent> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
    if line.is_empty() {
        *live = false;
    } else if let Some(name) = line.strip_prefix("event:") {
        *live = name.trim() == "live";
    }
    let data = line.strip_prefix("data:")?.trim();
    if *live {
        let bytes = data_encoding::BASE64URL_NOPAD.decode(data.as_bytes()).ok()?;
        return (bytes.len() <= MAX_LIVE_BYTES).then_some(StreamEvent::Live(bytes));
    }
    data.parse().ok().map(StreamEvent::Feed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_event_stream_are_feed_numbers_or_live_messages_or_nothing() {
        let mut live = false;
        let mut read = |line: &str| event_of(line.as_bytes(), &mut live);
        assert_eq!(read("event: feed"), None);
        assert_eq!(read("data: 7"), Some(StreamEvent::Feed(7)));
        assert_eq!(read("event: live"), None);
        assert_eq!(read("data: AQI"), Some(StreamEvent::Live(vec![1, 2])));
        assert_eq!(read("data: not base64!"), None);
        assert_eq!(read(""), None);
        assert_eq!(
            read("data: 8"),
            Some(StreamEvent::Feed(8)),
            "an event ends with its empty line"
        );
        assert_eq!(read(": still here"), None);
    }
}
