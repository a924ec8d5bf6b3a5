//! A server at a relay's address that misbehaves: rubbish, errors, half a body, silence. It reads requests
//! only as far as it must to be rude at the right moment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How it misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Status 200 with bytes that mean nothing.
    Rubbish,
    /// Status 200 with an empty body.
    Empty,
    /// Status 500 with a page for people.
    ServerError,
    /// Announces a body and closes in the middle of it.
    HalfBody,
    /// Takes the request and never answers.
    Never,
    /// Answers in no protocol at all.
    NotHttp,
    /// Sends a body without end.
    Endless,
    /// Closes as soon as somebody connects.
    Closes,
    /// Sends to another address.
    Redirect,
}

/// Every manner.
pub const MANNERS: [Manner; 9] = [
    Manner::Rubbish,
    Manner::Empty,
    Manner::ServerError,
    Manner::HalfBody,
    Manner::Never,
    Manner::NotHttp,
    Manner::Endless,
    Manner::Closes,
    Manner::Redirect,
];

/// A server that misbehaves until it is dropped.
pub struct RudeRelay {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl RudeRelay {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When the machine gives no port.
    #[must_use]
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self::on(listener, manner)
    }

    /// Starts at an address that a relay just left.
    ///
    /// # Panics
    /// When somebody else took the address.
    #[must_use]
    pub fn start_at(address: SocketAddr, manner: Manner) -> Self {
        Self::on(TcpListener::bind(address).expect("the address is free again"), manner)
    }

    fn on(listener: TcpListener, manner: Manner) -> Self {
        let address = listener.local_addr().expect("a bound listener has an address");
        let manner = Arc::new(Mutex::new(manner));
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicUsize::new(0));
        let (how, halt, count) = (Arc::clone(&manner), Arc::clone(&stop), Arc::clone(&asked));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if halt.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                count.fetch_add(1, Ordering::AcqRel);
                let manner = *how.lock().unwrap_or_else(PoisonError::into_inner);
                let halt = Arc::clone(&halt);
                std::thread::spawn(move || {
                    // Whether the client listens to the end is its own affair.
                    let _ = misbehave(stream, manner, &halt);
                });
            }
        });
        Self { address, manner, stop, asked, thread: Some(thread) }
    }

    /// Its address as a relay's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Misbehaves otherwise from now on.
    pub fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// How many connections came.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }
}

impl Drop for RudeRelay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn misbehave(mut stream: TcpStream, manner: Manner, halt: &AtomicBool) -> std::io::Result<()> {
    if manner == Manner::Closes {
        return Ok(());
    }
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    read_request(&stream)?;
    let reply = |head: &str, body: &[u8]| [head.as_bytes(), body].concat();
    let bytes = match manner {
        Manner::Rubbish => reply(
            "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n",
            b"\x9f\xff\x00 this is not what was asked for \x83\x01\x02xxx",
        ),
        Manner::Empty => reply("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        Manner::ServerError => reply(
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 23\r\n\r\n",
            b"<html>oh no</html>     ",
        ),
        Manner::HalfBody => {
            reply("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", b"\x88\x01\x50half")
        }
        Manner::NotHttp => reply("220 mail.example.org ESMTP ready\r\n", b""),
        Manner::Redirect => reply(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/v1/sync\r\n\
             content-length: 0\r\n\r\n",
            b"",
        ),
        Manner::Never => {
            while !halt.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(20));
            }
            return Ok(());
        }
        Manner::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            let chunk = [b"10000\r\n".to_vec(), vec![7; 0x10000], b"\r\n".to_vec()].concat();
            while !halt.load(Ordering::Acquire) {
                stream.write_all(&chunk)?;
            }
            return Ok(());
        }
        Manner::Closes => return Ok(()),
    };
    stream.write_all(&bytes)?;
    stream.flush()
}

/// Reads a request's head and body, so that the client has said all it wanted.
fn read_request(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink()).map(|_| ())
}
