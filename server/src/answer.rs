//! A question and its answer, free of any transport, and the refusals of whole requests.

use std::net::IpAddr;

use holdfast_protocol::sync::{Problem, ProblemCode};
use holdfast_protocol::wire;
use minicbor::{Decode, Encode};

use crate::store::StoreError;

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The path, for example `/v1/sync`.
    pub path: &'a str,
    /// What follows `Bearer` in the authorization, where there is one.
    pub token: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Who asks.
    pub peer: IpAddr,
}

/// What the relay says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As in HTTP.
    pub status: u16,
    /// CBOR: the answer, or a [`Problem`].
    pub body: Vec<u8>,
    /// When to ask again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Answer {
    pub(crate) fn good<T: Encode<()>>(value: &T) -> Self {
        Self { status: 200, body: wire::encode(value), retry_after_ms: None }
    }

    /// Whether it is good.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.status == 200
    }

    /// The refusal, where it is one.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        if self.is_good() { None } else { wire::decode("problem", &self.body).ok() }
    }
}

/// A refusal of a whole request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub status: u16,
    pub code: ProblemCode,
    pub message: String,
    pub retry_after_ms: Option<u64>,
}

impl Refused {
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        let status = match code {
            ProblemCode::Malformed | ProblemCode::Version => 400,
            ProblemCode::Unauthorized => 401,
            ProblemCode::UnknownDevice => 403,
            ProblemCode::NotFound => 404,
            ProblemCode::InviteUsed => 409,
            ProblemCode::InviteGone => 410,
            ProblemCode::Refused => 422,
            ProblemCode::TooMany => 429,
            ProblemCode::Internal => 500,
            ProblemCode::Unavailable => 503,
        };
        Self { status, code, message: message.into(), retry_after_ms: None }
    }

    pub fn too_large(limit: usize) -> Self {
        let message = format!("the request's body is larger than {limit} bytes");
        Self { status: 413, ..Self::new(ProblemCode::Malformed, message) }
    }

    pub fn too_many(what: &str, retry_after_ms: u64) -> Self {
        let retry_after_ms = Some(retry_after_ms.max(1));
        Self { retry_after_ms, ..Self::new(ProblemCode::TooMany, what) }
    }

    pub fn unavailable(why: &str, retry_after_ms: u64) -> Self {
        let retry_after_ms = Some(retry_after_ms);
        Self { retry_after_ms, ..Self::new(ProblemCode::Unavailable, why) }
    }

    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let problem = Problem {
            code: refused.code,
            message: refused.message,
            retry_after_ms: refused.retry_after_ms,
        };
        Self {
            status: refused.status,
            body: wire::encode(&problem),
            retry_after_ms: refused.retry_after_ms,
        }
    }
}

impl From<StoreError> for Refused {
    /// The reason stays in the relay's own log: a stranger learns only that it was not their fault.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::unavailable("the relay's disk is full", 60_000),
            StoreError::Closed => Self::unavailable("the relay is closing", 5_000),
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::new(ProblemCode::Internal, "the relay's store failed")
            }
        }
    }
}

/// Reads a request body in its canonical form. Every request starts with the protocol's version, which is
/// looked at first: a newer request may have another form.
pub(crate) fn read<T>(what: &'static str, body: &[u8]) -> Result<T, Refused>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    let mut decoder = minicbor::Decoder::new(body);
    let version = decoder.array().and_then(|_| decoder.u8());
    if let Ok(version) = version
        && version != holdfast_protocol::VERSION
    {
        let message = format!(
            "this relay speaks version {} of the protocol, the request is version {version}",
            holdfast_protocol::VERSION
        );
        return Err(Refused::new(ProblemCode::Version, message));
    }
    wire::decode(what, body).map_err(|e| Refused::new(ProblemCode::Malformed, e.to_string()))
}
