//! Who asks: registering an account, a challenge that carries its own proof, a token that is stored only as its
//! hash, and the look at every request whether the device still belongs.

use std::fmt;

use holdfast_protocol::auth::{
    CHALLENGE_MS, ChallengeRequest, ChallengeResponse, MAX_TOKEN_MS, RegisterRequest,
    RegisterResponse, TokenRequest, TokenResponse,
};
use holdfast_protocol::ids::{AccountId, DeviceId};
use holdfast_protocol::sync::{Outcome, ProblemCode, Push};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::answer::{Answer, Refused, read};
use crate::append::{Bench, Via, append};
use crate::pushed::Pushed;
use crate::relay::Relay;
use crate::store::{Reading, Stored, TokenRow, read_with, write_with};
use crate::working_set::WorkingSet;

/// The most tokens that one device may hold at once; the oldest goes.
const TOKENS_PER_DEVICE: usize = 8;
/// How far a challenge may lie in the future, in milliseconds: the clock of this machine was set back a little.
const CLOCK_SLACK_MS: u64 = 5_000;

/// A device that is signed in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who {
    pub device: DeviceId,
    pub account: AccountId,
    /// It joined with an invite and syncs for the first time: its join is over.
    pub joined_just_now: bool,
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Who(…)")
    }
}

pub(crate) fn unknown_device() -> Refused {
    Refused::new(ProblemCode::UnknownDevice, "the device is not known here, or was revoked")
}

fn unauthorized(why: &str) -> Refused {
    Refused::new(ProblemCode::Unauthorized, why)
}

/// Seals and opens challenges. The relay remembers none: a challenge says itself for whom and when it was made.
pub(crate) struct ChallengeSeal(Zeroizing<[u8; 32]>);

impl ChallengeSeal {
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(Zeroizing::new(blake3::derive_key("holdfast 1 relay challenge", secret)))
    }

    fn mac(&self, device: &DeviceId, time_and_nonce: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&device.0);
        hasher.update(time_and_nonce);
        *hasher.finalize().as_bytes()
    }

    /// Time (8 bytes), nonce (16), seal (32).
    fn make(&self, device: &DeviceId, now_ms: u64, nonce: [u8; 16]) -> Vec<u8> {
        let mut challenge = now_ms.to_le_bytes().to_vec();
        challenge.extend_from_slice(&nonce);
        let mac = self.mac(device, &challenge);
        challenge.extend_from_slice(&mac);
        challenge
    }

    fn is_good(&self, device: &DeviceId, challenge: &[u8], now_ms: u64) -> bool {
        let Some((said, mac)) = challenge.split_at_checked(24) else { return false };
        let sealed: bool = self.mac(device, said).ct_eq(mac).into();
        let Some(time) = said.first_chunk().copied().map(u64::from_le_bytes) else { return false };
        sealed && time <= now_ms + CLOCK_SLACK_MS && now_ms < time.saturating_add(CHALLENGE_MS)
    }
}

impl Relay {
    /// `POST /v1/account`.
    pub(crate) fn register(&self, body: &[u8], now_ms: u64) -> Result<Answer, Refused> {
        let request: RegisterRequest = read("registration", body)?;
        let pushed = Pushed::verify(Push { entry: request.genesis, invite_wraps: Vec::new() });
        let account = match &pushed.entry {
            Ok(entry) if entry.header().is_genesis() => entry.space(),
            Ok(_) => {
                let why = "an account starts with its genesis";
                return Err(Refused::new(ProblemCode::Refused, why));
            }
            Err(why) => return Err(Refused::new(ProblemCode::Refused, why.to_string())),
        };
        let limits = self.limits().clone();
        let outcome = write_with(self.store(), move |w| {
            let mut set = WorkingSet::default();
            let bench = Bench { via: Via::Register, now_ms, limits: &limits };
            let mut outcome = append(w, &mut set, &pushed, bench)?;
            if set.get(&account).is_some_and(|held| held.state.as_account().is_none()) {
                let why = holdfast_protocol::membership::Refusal::BadStatement;
                outcome = Outcome::Never { why };
            }
            set.finish(w)?;
            Ok(outcome)
        })?;
        match outcome {
            Outcome::Stored { .. } | Outcome::Have { .. } => {
                Ok(Answer::good(&RegisterResponse { account }))
            }
            Outcome::Never { why } => Err(Refused::new(ProblemCode::Refused, why.to_string())),
            _ => Err(Refused::new(ProblemCode::Refused, "the genesis does not stand by itself")),
        }
    }

    /// `POST /v1/challenge`. Whoever asks gets one: who is known here is nobody's business.
    pub(crate) fn challenge(&self, body: &[u8], now_ms: u64) -> Result<Answer, Refused> {
        let request: ChallengeRequest = read("challenge request", body)?;
        let mut nonce = [0; 16];
        self.fill(&mut nonce);
        let challenge = self.seal().make(&request.device, now_ms, nonce);
        Ok(Answer::good(&ChallengeResponse { challenge }))
    }

    /// `POST /v1/token`.
    pub(crate) fn token(&self, body: &[u8], now_ms: u64) -> Result<Answer, Refused> {
        let request: TokenRequest = read("token request", body)?;
        if !self.seal().is_good(&request.device, &request.challenge, now_ms) {
            return Err(unauthorized(
                "the challenge is not this relay's, or is too old; ask for a new one",
            ));
        }
        if self.audience().is_some_and(|own| own != request.audience.trim_end_matches('/')) {
            return Err(unauthorized("the signature was made for a relay with another URL"));
        }
        if !request.is_valid() {
            return Err(unauthorized("the signature is not the device's"));
        }
        let device = request.device;
        let account = read_with(self.store(), |r| {
            let Some(account) = r.account_of(&device)? else { return Ok(None) };
            Ok(self.is_active(r, &account, &device)?.then_some(account))
        })?
        .ok_or_else(unknown_device)?;
        let mut token = Zeroizing::new([0; 32]);
        self.fill(token.as_mut());
        let hash = *blake3::hash(token.as_ref()).as_bytes();
        let row = TokenRow { device, account, expires_at_ms: now_ms.saturating_add(MAX_TOKEN_MS) };
        write_with(self.store(), move |w| w.put_token(&hash, &row, TOKENS_PER_DEVICE))?;
        Ok(Answer::good(&TokenResponse { token: token.to_vec(), account, lives_ms: MAX_TOKEN_MS }))
    }

    /// Whether a device may act for an account now.
    pub(crate) fn is_active(
        &self,
        r: &dyn Reading,
        account: &AccountId,
        device: &DeviceId,
    ) -> Stored<bool> {
        let Some(row) = r.space(account)? else { return Ok(false) };
        let state = self.rights(r, account, &row)?;
        Ok(state.as_account().is_some_and(|a| a.is_active(device)))
    }

    /// The device that a token stands for, when it may still act.
    pub(crate) fn who(&self, token: Option<&str>, now_ms: u64) -> Result<Who, Refused> {
        let token = token.ok_or_else(|| unauthorized("a token is needed; sign in"))?;
        let bytes = data_encoding::BASE64URL_NOPAD
            .decode(token.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| unauthorized("the token is not one of this relay's; sign in again"))?;
        // Looked up by hash: how long that takes says nothing about the token.
        let hash = *blake3::hash(&bytes).as_bytes();
        let (row, active, joined_just_now) = read_with(self.store(), |r| {
            let Some(row) = r.token(&hash)? else { return Ok(None) };
            let active = self.is_active(r, &row.account, &row.device)?;
            let own = r.space(&row.account)?;
            let answer = own.map(|own| r.join_answer(&row.device, own.no)).transpose()?.flatten();
            Ok(Some((row, active, answer.is_some())))
        })?
        .ok_or_else(|| unauthorized("the token is not known here; sign in again"))?;
        if now_ms >= row.expires_at_ms {
            return Err(unauthorized("the token has run out; sign in again"));
        }
        if !active {
            return Err(unknown_device());
        }
        Ok(Who { device: row.device, account: row.account, joined_just_now })
    }
}
