//! From HTTP to a question and back. Nothing is believed before it is bounded.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use holdfast_protocol::live::MAX_LIVE_BYTES;
use holdfast_protocol::sync::ProblemCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::connections::Slot;
use super::now_ms;
use crate::answer::{Answer, Ask, Refused};
use crate::relay::Relay;
use crate::watch::{Watch, WatchEvent};

/// Bodies up to this size need no leave to be held in memory; larger ones share [`LARGE_BODIES_KIB`].
const SMALL_BODY: usize = 64 * 1024;
/// The largest body of a request other than a sync, in bytes: the largest membership entry fits.
const NEWCOMER_BODY: usize = 512 * 1024;
/// Memory for large bodies in all, in KiB.
const LARGE_BODIES_KIB: usize = 192 * 1024;
/// How much of a body that is too large is read and thrown away, so that its sender gets to read why.
const DRAIN: usize = 32 * 1024 * 1024;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a silent event stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Shell {
    relay: Arc<Relay>,
    workers: Arc<Semaphore>,
    large_bodies: Arc<Semaphore>,
    closing: CancellationToken,
}

pub(super) fn router(relay: Arc<Relay>, closing: CancellationToken) -> Router {
    let shell = Shell {
        workers: Arc::new(Semaphore::new(relay.limits().workers)),
        large_bodies: Arc::new(Semaphore::new(LARGE_BODIES_KIB)),
        relay,
        closing,
    };
    Router::new()
        .route("/v1/watch", get(watch))
        .route("/v1/{what}", post(ask))
        .route("/healthz", get(health))
        .fallback(|| async { no_such(StatusCode::NOT_FOUND, "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            no_such(StatusCode::METHOD_NOT_ALLOWED, "this path takes another method")
        })
        .with_state(shell)
}

fn no_such(status: StatusCode, why: &str) -> Response {
    let refused = Refused::new(ProblemCode::NotFound, why).with_status(status.as_u16());
    respond(Answer::from(refused))
}

async fn health(State(shell): State<Shell>, request: Request<Body>) -> Response {
    let slot = slot_of(&request);
    enter(slot.as_deref());
    let answer = answer(&shell, "/healthz".into(), None, Vec::new(), peer(&shell, &request)).await;
    leave(slot.as_deref());
    let mut response = respond(answer.unwrap_or_else(Answer::from));
    if response.status().is_success() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    }
    response
}

async fn ask(State(shell): State<Shell>, request: Request<Body>) -> Response {
    let started = Instant::now();
    let slot = slot_of(&request);
    let path = request.uri().path().to_owned();
    let peer = peer(&shell, &request);
    let token = bearer(request.headers());
    if let Some(slot) = &slot {
        slot.body_is_coming();
    }
    let mut received = 0;
    let mut unread = false;
    let outcome = match read_body(&shell, &path, token.as_deref(), request).await {
        Ok((body, leave)) => {
            received = body.len();
            enter(slot.as_deref());
            let answer = answer(&shell, path.clone(), token, body, peer).await;
            drop(leave);
            answer
        }
        Err(refused) => {
            unread = true;
            Err(refused)
        }
    };
    leave(slot.as_deref());
    let answer = outcome.unwrap_or_else(Answer::from);
    tracing::info!(
        path = known(&path),
        status = answer.status,
        received,
        sent = answer.body.len(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    let mut response = respond(answer);
    if unread {
        // What is left of the body would be taken for the next request.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A path is a stranger's text: only the known ones get into the log.
fn known(path: &str) -> &'static str {
    ["/v1/account", "/v1/challenge", "/v1/token", "/v1/sync", "/v1/live", "/v1/peek", "/v1/join"]
        .into_iter()
        .find(|known| *known == path)
        .unwrap_or("another")
}

/// Asks the relay on a thread that may wait for the disk.
async fn answer(
    shell: &Shell,
    path: String,
    token: Option<String>,
    body: Vec<u8>,
    peer: IpAddr,
) -> Result<Answer, Refused> {
    let turn = turn(shell).await?;
    let relay = Arc::clone(&shell.relay);
    let failed = || Refused::new(ProblemCode::Internal, "the relay failed at this request");
    let live = path == "/v1/live";
    let work = move || {
        let ask = Ask { path: &path, token: token.as_deref(), body: &body, peer };
        let answer = relay.answer(ask, now_ms());
        drop(turn);
        answer
    };
    if live {
        // Somebody waits for it with a finger on the screen: it writes nothing, and handing it to another thread
        // and back takes longer than the work.
        let done = tokio::task::block_in_place(|| catch_unwind(AssertUnwindSafe(work)));
        return done.map_err(|_| failed());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| failed())
}

async fn turn(shell: &Shell) -> Result<OwnedSemaphorePermit, Refused> {
    let turn = Arc::clone(&shell.workers).acquire_owned();
    match tokio::time::timeout(PATIENCE, turn).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(Refused::unavailable("the relay is overloaded", 2_000)),
    }
}

/// Reads a body within its limits of size, time and memory. The second part is the leave to hold it.
async fn read_body(
    shell: &Shell,
    path: &str,
    token: Option<&str>,
    request: Request<Body>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refused> {
    let limits = shell.relay.limits();
    let limit = match path {
        "/v1/sync" => limits.request_bytes,
        "/v1/live" => limits.request_bytes.min(MAX_LIVE_BYTES),
        _ => limits.request_bytes.min(NEWCOMER_BODY),
    };
    let within = Duration::from_millis(limits.body_ms);
    let (head, body) = request.into_parts();
    let said = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    let refused = if let Some(refused) = check_headers(&head.headers) {
        Some(refused)
    } else if said.is_some_and(|said| said > limit) {
        Some(Refused::too_large(limit))
    } else {
        None
    };
    if let Some(refused) = refused {
        let _ = tokio::time::timeout(within, drain(body)).await;
        return Err(refused);
    }
    let size = said.unwrap_or(limit);
    let leave = if size > SMALL_BODY {
        Some(leave_for_large(shell, path, token, size).await?)
    } else {
        None
    };
    match tokio::time::timeout(within, collect(body, limit)).await {
        Ok(Ok(bytes)) => Ok((bytes, leave)),
        Ok(Err(refused)) => Err(refused),
        Err(_) => {
            let why = "the request's body did not come in time";
            Err(Refused::new(ProblemCode::Malformed, why).with_status(408))
        }
    }
}

fn check_headers(headers: &HeaderMap) -> Option<Refused> {
    let plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !plain {
        let why = "the relay takes no compressed bodies";
        return Some(Refused::new(ProblemCode::Malformed, why).with_status(415));
    }
    let cbor = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"application/cbor"));
    if !cbor {
        let why = "the relay takes application/cbor";
        return Some(Refused::new(ProblemCode::Malformed, why).with_status(415));
    }
    None
}

/// Only who is signed in may make the relay hold a large body, except for the few that strangers need.
async fn leave_for_large(
    shell: &Shell,
    path: &str,
    token: Option<&str>,
    size: usize,
) -> Result<OwnedSemaphorePermit, Refused> {
    if path == "/v1/sync" {
        let turn = turn(shell).await?;
        let relay = Arc::clone(&shell.relay);
        let token = token.map(ToOwned::to_owned);
        let check = tokio::task::spawn_blocking(move || {
            let known = relay.who(token.as_deref(), now_ms()).map(drop);
            drop(turn);
            known
        });
        check.await.map_err(|_| Refused::new(ProblemCode::Internal, "the relay failed"))??;
    }
    let kib = u32::try_from(size.div_ceil(1024)).unwrap_or(u32::MAX);
    let leave = Arc::clone(&shell.large_bodies).acquire_many_owned(kib);
    match tokio::time::timeout(PATIENCE, leave).await {
        Ok(Ok(leave)) => Ok(leave),
        _ => Err(Refused::unavailable("the relay is overloaded with large requests", 5_000)),
    }
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Refused> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .map_err(|_| Refused::new(ProblemCode::Malformed, "the request's body broke off"))?;
        if bytes.len() + chunk.len() > limit {
            drop(bytes);
            drain_stream(stream).await;
            return Err(Refused::too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn drain(body: Body) {
    drain_stream(body.into_data_stream()).await;
}

async fn drain_stream(mut stream: axum::body::BodyDataStream) {
    let mut seen = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        seen += chunk.len();
        if seen > DRAIN {
            break;
        }
    }
}

async fn watch(State(shell): State<Shell>, request: Request<Body>) -> Response {
    let slot = slot_of(&request);
    let peer = peer(&shell, &request);
    let token = bearer(request.headers());
    enter(slot.as_deref());
    let turn = match turn(&shell).await {
        Ok(turn) => turn,
        Err(refused) => return respond(Answer::from(refused)),
    };
    let relay = Arc::clone(&shell.relay);
    let opened = tokio::task::spawn_blocking(move || {
        let opened = relay.watch(token.as_deref(), peer, now_ms());
        drop(turn);
        opened
    });
    match opened.await {
        Ok(Ok(watch)) => {
            if let Some(slot) = &slot {
                slot.is_streaming();
            }
            let mut response = Sse::new(events(shell, watch)).into_response();
            response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
        Ok(Err(answer)) => {
            leave(slot.as_deref());
            respond(answer)
        }
        Err(_) => respond(Answer::from(Refused::new(ProblemCode::Internal, "the relay failed"))),
    }
}

/// The newest feed number at once, then whenever it moves, and live messages as they come; a comment when there
/// is neither. It ends when the relay closes or the device may no longer watch.
fn events(shell: Shell, watch: Watch) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((shell, watch, true), |(shell, mut watch, first)| async move {
        let feed = |feed: u64| Event::default().event("feed").data(feed.to_string());
        if first {
            let event = feed(watch.feed());
            return Some((Ok(event), (shell, watch, false)));
        }
        let event = tokio::select! {
            () = shell.closing.cancelled() => return None,
            event = watch.next() => match event {
                WatchEvent::Feed(newest) => feed(newest),
                // Who hears it was judged when it was said. An account that loses a device gets a feed event.
                WatchEvent::Live(message) => {
                    let text = data_encoding::BASE64URL_NOPAD.encode(&message);
                    let event = Event::default().event("live").data(text);
                    return Some((Ok(event), (shell, watch, false)));
                }
            },
            () = tokio::time::sleep(HEARTBEAT) => Event::default().comment("still here"),
        };
        let relay = Arc::clone(&shell.relay);
        let still = tokio::task::spawn_blocking(move || (relay.may_watch(&watch), watch));
        let Ok((true, watch)) = still.await else { return None };
        Some((Ok(event), (shell, watch, false)))
    })
}

fn slot_of(request: &Request<Body>) -> Option<Arc<Slot>> {
    request.extensions().get::<Arc<Slot>>().cloned()
}

fn enter(slot: Option<&Slot>) {
    if let Some(slot) = slot {
        slot.is_worked_on();
    }
}

fn leave(slot: Option<&Slot>) {
    if let Some(slot) = slot {
        slot.is_answered();
    }
}

/// Who asks: the connection's peer, or, behind a trusted proxy, whom the proxy names last.
fn peer(shell: &Shell, request: &Request<Body>) -> IpAddr {
    let nearest =
        slot_of(request).map_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |slot| slot.peer());
    if !shell.relay.behind_proxy() {
        return nearest;
    }
    request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok())
        .unwrap_or(nearest)
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(ms) = answer.retry_after_ms {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
    }
    response
}
