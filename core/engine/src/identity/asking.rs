//! Asking a relay one thing and reading the answer, before there is a home that could sync.

use holdfast_domain::words::Message;
use holdfast_protocol::VERSION;
use holdfast_protocol::auth::{ChallengeRequest, ChallengeResponse, TokenRequest, TokenResponse};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::sync::{Problem, ProblemCode};
use holdfast_protocol::wire;
use minicbor::{Decode, Encode};

use crate::error::Error;
use crate::protocol_words::{garbled, problem_message, transport_message, unchanged};
use crate::sync::transport::{Ask, Cancel, Transport};

/// How long one question may take, in milliseconds.
const TIMEOUT_MS: u64 = 30_000;

/// Why a question was not answered.
pub(crate) enum NoAnswer {
    /// The relay said no.
    Refused(Problem),
    /// Anything else.
    Failed(Error),
}

impl From<NoAnswer> for Error {
    fn from(no: NoAnswer) -> Self {
        match no {
            NoAnswer::Refused(problem) => Self::Relay {
                code: match problem.code {
                    ProblemCode::TooMany | ProblemCode::Unavailable => "relay_busy",
                    ProblemCode::Internal => "relay_failed",
                    ProblemCode::Version => "relay_version",
                    _ => "relay_refused",
                },
                message: Message::new("relay_said.no").with("why", problem_message(&problem)),
            },
            NoAnswer::Failed(error) => error,
        }
    }
}

/// A relay that can be asked.
pub(crate) struct Asking<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) relay: &'a str,
}

impl Asking<'_> {
    /// Asks, and reads the answer.
    pub(crate) fn ask<Q, A>(
        &self,
        path: &'static str,
        question: &Q,
        token: Option<String>,
    ) -> std::result::Result<A, NoAnswer>
    where
        Q: Encode<()>,
        A: Encode<()> + for<'b> Decode<'b, ()>,
    {
        let body = wire::encode(question);
        let ask = Ask { relay: self.relay.to_owned(), path, token, body };
        let failed = |code, message: Message| NoAnswer::Failed(Error::Relay { code, message });
        let answer = self
            .transport
            .exchange(&ask, TIMEOUT_MS, &Cancel::new())
            .map_err(|error| failed("offline", unchanged(transport_message(&error))))?;
        if answer.status == 200 {
            return wire::decode("answer", &answer.body)
                .map_err(|error| failed("relay_garbled", garbled(error.to_string())));
        }
        match answer.problem() {
            Some(problem) => Err(NoAnswer::Refused(problem)),
            None if answer.status >= 500 => Err(failed(
                "relay_failed",
                Message::new("relay_said.failed").with("status", answer.status),
            )),
            None => Err(failed(
                "relay_garbled",
                Message::new("relay_said.no_relay")
                    .with("url", self.relay)
                    .with("status", answer.status),
            )),
        }
    }

    /// Signs a device in. Gives the token as it is sent, and the account the relay knows it under.
    pub(crate) fn sign_in(
        &self,
        keys: &DeviceKeys,
    ) -> std::result::Result<(String, TokenResponse), NoAnswer> {
        let request = ChallengeRequest { version: VERSION, device: keys.id() };
        let challenge: ChallengeResponse = self.ask("/v1/challenge", &request, None)?;
        let request = TokenRequest::sign(keys, challenge.challenge, self.relay);
        let response: TokenResponse = self.ask("/v1/token", &request, None)?;
        Ok((data_encoding::BASE64URL_NOPAD.encode(&response.token), response))
    }
}
