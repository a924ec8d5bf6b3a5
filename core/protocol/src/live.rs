//! What devices say to each other while a session is done together: sealed under the log's current key, signed by
//! the device, small, and never stored. What is said (hello, an input, a state) is the engine's business; here it
//! is bytes.
//!
//! Path: `POST /v1/live` (token). It arrives as an event `live` of the stream `GET /v1/watch`.

use std::collections::HashMap;

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::body::padme;
use crate::entropy::Entropy;
use crate::ids::{DeviceId, LiveId, SpaceId};
use crate::keys::{DeviceKeys, Sig, Signed, verify};
use crate::membership::Refusal;
use crate::secret::Secret32;
use crate::wire;

/// The largest message, in bytes, as it is sent.
pub const MAX_LIVE_BYTES: usize = 4 * 1024;
/// The most that a message says, in bytes, before it is sealed.
pub const MAX_LIVE_CONTENT_BYTES: usize = 3 * 1024 + 512;
/// A sealed body is never shorter than this, in bytes, so that a pause looks like an answer.
pub const LIVE_FLOOR_BYTES: usize = 256;
/// What the seal adds to a body, in bytes: nonce and tag.
const SEAL_BYTES: usize = 24 + 16;
/// How many devices one [`Heard`] tells apart; far more than a chart has in one room.
const MAX_SPEAKERS: usize = 1024;

/// Who says something live, where, and for which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveHeader {
    /// The chart.
    pub chart: SpaceId,
    /// The live session.
    pub session: LiveId,
    /// The leader's term as the sender knows it: the higher one wins.
    pub term: u64,
    /// The device that says it.
    pub sender: DeviceId,
    /// Rises with every message of this device in this session; gaps are legal. A device that starts again in the
    /// middle of a session goes on with its clock in milliseconds since 1970, if that is higher.
    pub counter: u64,
    /// The epoch of the chart's log whose key seals the body.
    pub epoch: u32,
}

impl LiveHeader {
    /// What is signed before the body, and authenticated with it.
    fn bytes(&self) -> Vec<u8> {
        let Self { chart, session, term, sender, counter, epoch } = *self;
        wire::encode(&(crate::VERSION, chart, session, term, sender, counter, epoch))
    }
}

/// Why a live message was not made or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// More to say than a message holds.
    #[error("a live message says at most {MAX_LIVE_CONTENT_BYTES} bytes, this one {0}")]
    TooMuch(usize),
    /// Larger than a message may be.
    #[error("the live message is larger than {MAX_LIVE_BYTES} bytes")]
    TooLarge,
    /// Not the canonical encoding, or a newer version.
    #[error(transparent)]
    Malformed(#[from] wire::Malformed),
    /// The signature is not the sender's.
    #[error("the live message's signature does not hold")]
    BadSignature,
    /// The seal does not fit the key and the header, or what is inside is no padded body.
    #[error("the live message does not open with this key")]
    DoesNotOpen,
}

/// A message as it is sent. The signature was checked when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveMessage {
    header: LiveHeader,
    body: Vec<u8>,
    signature: Sig,
}

/// Its form on the wire.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Form {
    #[n(0)]
    version: u8,
    #[n(1)]
    chart: SpaceId,
    #[n(2)]
    session: LiveId,
    #[n(3)]
    term: u64,
    #[n(4)]
    sender: DeviceId,
    #[n(5)]
    counter: u64,
    #[n(6)]
    epoch: u32,
    #[cbor(n(7), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[n(8)]
    signature: Sig,
}

fn body_key(log_key: &Secret32, header: &LiveHeader) -> Secret32 {
    log_key.derive(&[b"live", &header.chart.0, &header.epoch.to_le_bytes()])
}

impl LiveMessage {
    /// Seals and signs what is to be said. `log_key` is the key of the chart's log in the header's epoch; the
    /// header's sender is taken from `keys`.
    ///
    /// # Errors
    /// [`LiveError::TooMuch`].
    pub fn seal(
        header: LiveHeader,
        log_key: &Secret32,
        content: &[u8],
        keys: &DeviceKeys,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, LiveError> {
        let said =
            u16::try_from(content.len()).ok().filter(|_| content.len() <= MAX_LIVE_CONTENT_BYTES);
        let said = said.ok_or(LiveError::TooMuch(content.len()))?;
        let header = LiveHeader { sender: keys.id(), ..header };
        let total = padme(content.len() + 2 + SEAL_BYTES).max(LIVE_FLOOR_BYTES);
        let mut plain = Zeroizing::new(Vec::with_capacity(total - SEAL_BYTES));
        plain.extend_from_slice(&said.to_le_bytes());
        plain.extend_from_slice(content);
        plain.resize(total - SEAL_BYTES, 0);
        let clear = header.bytes();
        let body = body_key(log_key, &header).seal(&clear, &plain, entropy);
        let signature = keys.sign(Signed::Live, &[&clear, &body]);
        Ok(Self { header, body, signature })
    }

    /// Reads a message and checks its signature: whoever takes one needs nothing else to know whose it is.
    ///
    /// # Errors
    /// [`LiveError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LiveError> {
        if bytes.len() > MAX_LIVE_BYTES {
            return Err(LiveError::TooLarge);
        }
        const WHAT: &str = "live message";
        match wire::leading_version(bytes) {
            Some(found) if found > crate::VERSION => {
                return Err(wire::Malformed::NewerVersion { what: WHAT, found }.into());
            }
            Some(crate::VERSION) => {}
            _ => return Err(wire::Malformed::NotCanonical(WHAT).into()),
        }
        let form: Form = wire::decode(WHAT, bytes)?;
        let Form { chart, session, term, sender, counter, epoch, body, signature, .. } = form;
        let header = LiveHeader { chart, session, term, sender, counter, epoch };
        if !verify(&sender.0, Signed::Live, &[&header.bytes(), &body], &signature) {
            return Err(LiveError::BadSignature);
        }
        Ok(Self { header, body, signature })
    }

    /// The bytes to send: at most [`MAX_LIVE_BYTES`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let LiveHeader { chart, session, term, sender, counter, epoch } = self.header;
        let (body, signature) = (self.body.clone(), self.signature);
        let version = crate::VERSION;
        wire::encode(&Form {
            version,
            chart,
            session,
            term,
            sender,
            counter,
            epoch,
            body,
            signature,
        })
    }

    /// Who says it, where, and for which time.
    #[must_use]
    pub const fn header(&self) -> &LiveHeader {
        &self.header
    }

    /// What is said.
    ///
    /// # Errors
    /// [`LiveError::DoesNotOpen`].
    pub fn open(&self, log_key: &Secret32) -> Result<Zeroizing<Vec<u8>>, LiveError> {
        let plain = body_key(log_key, &self.header).open(&self.header.bytes(), &self.body);
        let plain = plain.ok_or(LiveError::DoesNotOpen)?;
        let (said, rest) = plain.split_first_chunk().ok_or(LiveError::DoesNotOpen)?;
        let said = usize::from(u16::from_le_bytes(*said));
        let (content, padding) = rest.split_at_checked(said).ok_or(LiveError::DoesNotOpen)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(LiveError::DoesNotOpen);
        }
        Ok(Zeroizing::new(content.to_vec()))
    }
}

/// Which messages of one live session were heard: each counts once, and an older one of the same device, which a
/// relay may have kept back or sent again, not at all.
#[derive(Debug, Clone, Default)]
pub struct Heard(HashMap<DeviceId, u64>);

impl Heard {
    /// Whether a message is new. It is heard from then on.
    pub fn is_new(&mut self, header: &LiveHeader) -> bool {
        if let Some(last) = self.0.get_mut(&header.sender) {
            let new = header.counter > *last;
            *last = header.counter.max(*last);
            return new;
        }
        let room = self.0.len() < MAX_SPEAKERS;
        if room {
            self.0.insert(header.sender, header.counter);
        }
        room
    }
}

/// The relay's answer to a live message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LiveResponse {
    /// The relay's clock, in milliseconds since 1970. Half of the way there and back before the answer came, it
    /// showed this: two devices that each work out their offset from it show the same second.
    #[n(0)]
    pub now_ms: u64,
    /// What became of the message.
    #[n(1)]
    pub outcome: LiveOutcome,
}

/// What became of a live message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum LiveOutcome {
    /// It was handed to whoever listens. That somebody does is not said.
    #[n(0)]
    Sent,
    /// Sealed under a key that is no longer the log's current one: pull, and seal again.
    #[n(1)]
    Reseal {
        /// The current epoch.
        #[n(0)]
        epoch: u32,
    },
    /// It is not handed on.
    #[n(2)]
    Never {
        /// Why.
        #[n(0)]
        why: Refusal,
    },
}
