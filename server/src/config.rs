//! What whoever runs a relay decides: where it stores, under which name it is known, and how much of it
//! anyone may have.

use std::fmt;
use std::path::PathBuf;

use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::sync::MAX_REQUEST_BYTES;

/// Where the relay keeps its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In this directory, which is made when it is missing.
    Directory(PathBuf),
    /// In memory: gone with the relay. For simulators and tests.
    Memory,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often in a second, in the long run.
    pub per_second: u32,
    /// How often at once.
    pub burst: u32,
}

/// How much of the relay anyone may have. Every limit that is met is answered with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in bytes.
    pub request_bytes: usize,
    /// Requests from one address (IPv6: from one /64 network).
    pub address_rate: Option<Rate>,
    /// Requests without a token from one address: registering, signing in, joining.
    pub newcomer_rate: Option<Rate>,
    /// Requests with a token of one account.
    pub account_rate: Option<Rate>,
    /// Live messages of one account.
    pub live_rate: Option<Rate>,
    /// Stored bytes of one space.
    pub space_bytes: u64,
    /// Stored bytes in one space of one member who does not own it.
    pub author_bytes: u64,
    /// Of [`Limits::space_bytes`], what only the owner and the membership may use. Half of it is for the
    /// membership alone, so that a full chart can still revoke.
    pub reserve_bytes: u64,
    /// Stored bytes of one space's membership: it is handed out in one piece, to whoever comes in and to whoever
    /// shares a chart. An account, of which one person has many, may have an eighth of it. The last quarter is for
    /// what takes something away.
    pub membership_bytes: u64,
    /// Bytes of other accounts' memberships after which the rest comes with the next answer.
    pub outline_bytes: usize,
    /// Bytes of accounts' memberships that a look with an invite may show. It needs no token.
    pub look_bytes: u64,
    /// Spaces of one account, itself among them.
    pub spaces_per_account: u64,
    /// Event streams of one account.
    pub watches_per_account: usize,
    /// Connections in all. Fewer where the system allows fewer open files.
    pub connections: usize,
    /// Connections from one address. When one more comes, the longest idle one gives way.
    pub connections_per_address: usize,
    /// Requests that are worked on at once; more wait.
    pub workers: usize,
    /// How long a connection may take to deliver a request's head, in milliseconds.
    pub head_ms: u64,
    /// How long a connection may take to deliver a request's body, in milliseconds.
    pub body_ms: u64,
    /// How long a connection may stay open between two requests, in milliseconds.
    pub idle_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: MAX_REQUEST_BYTES,
            address_rate: Some(Rate { per_second: 200, burst: 2_000 }),
            newcomer_rate: Some(Rate { per_second: 5, burst: 200 }),
            account_rate: Some(Rate { per_second: 50, burst: 1_000 }),
            live_rate: Some(Rate { per_second: 20, burst: 100 }),
            space_bytes: 4 << 30,
            author_bytes: 512 << 20,
            reserve_bytes: 64 << 20,
            membership_bytes: 8 << 20,
            outline_bytes: 2 << 20,
            look_bytes: 32 << 20,
            spaces_per_account: 256,
            watches_per_account: 64,
            connections: 4_096,
            connections_per_address: 512,
            workers: 64,
            head_ms: 10_000,
            body_ms: 30_000,
            idle_ms: 75_000,
        }
    }
}

impl Limits {
    /// The limits without those that count requests in time: for simulators and benches, which ask faster than
    /// any person.
    #[must_use]
    pub fn without_rates() -> Self {
        Self {
            address_rate: None,
            newcomer_rate: None,
            account_rate: None,
            live_rate: None,
            ..Self::default()
        }
    }
}

/// How a relay is opened.
pub struct RelayConfig {
    /// Where it stores.
    pub storage: Storage,
    /// The URL under which devices know it. When it is given, a device must name it when it signs in, so that
    /// another relay cannot pass a signature on. Without it the relay cannot tell.
    pub public_url: Option<String>,
    /// Limits.
    pub limits: Limits,
    /// Whether the nearest peer is a trusted proxy that states the client's address as the last one in
    /// `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Where tokens and generations come from.
    pub entropy: Box<dyn Entropy>,
}

impl RelayConfig {
    /// A relay that stores in a directory.
    #[must_use]
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self::new(Storage::Directory(directory.into()))
    }

    /// A relay that stores in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Storage::Memory)
    }

    fn new(storage: Storage) -> Self {
        Self {
            storage,
            public_url: None,
            limits: Limits::default(),
            behind_proxy: false,
            entropy: Box::new(SystemEntropy),
        }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With a URL that devices must name when they sign in.
    #[must_use]
    pub fn with_public_url(self, url: impl Into<String>) -> Self {
        Self { public_url: Some(url.into()), ..self }
    }

    /// With another source of random bytes.
    #[must_use]
    pub fn with_entropy(self, entropy: Box<dyn Entropy>) -> Self {
        Self { entropy, ..self }
    }
}

impl fmt::Debug for RelayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayConfig")
            .field("storage", &self.storage)
            .field("public_url", &self.public_url)
            .field("limits", &self.limits)
            .field("behind_proxy", &self.behind_proxy)
            .finish_non_exhaustive()
    }
}
