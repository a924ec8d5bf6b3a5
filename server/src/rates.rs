//! How often anyone may ask: by address, by account, and more rarely without a token. Time is the instant that
//! each request is asked at, so that a simulator's clock drives it too.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use holdfast_protocol::ids::AccountId;

use crate::answer::Refused;
use crate::config::{Limits, Rate};

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, FakeRelativeClock, NoOpMiddleware<Nanos>>;

/// The part of an address that one person commands: an IPv4 address, or an IPv6 /64 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network([u8; 8]);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self([0, 0, 0, 0, a, b, c, d])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Self([a, b, c, d, e, f, g, h])
            }
        }
    }
}

pub(crate) struct Rates {
    clock: FakeRelativeClock,
    latest_ms: AtomicU64,
    addresses: Option<Limiter<Network>>,
    newcomers: Option<Limiter<Network>>,
    accounts: Option<Limiter<AccountId>>,
    live: Option<Limiter<AccountId>>,
}

impl Rates {
    pub fn new(limits: &Limits) -> Self {
        let clock = FakeRelativeClock::default();
        Self {
            addresses: limiter(limits.address_rate, &clock),
            newcomers: limiter(limits.newcomer_rate, &clock),
            accounts: limiter(limits.account_rate, &clock),
            live: limiter(limits.live_rate, &clock),
            latest_ms: AtomicU64::new(0),
            clock,
        }
    }

    /// Moves on to an instant; a clock that was set back stands still.
    pub fn advance(&self, now_ms: u64) {
        let before = self.latest_ms.fetch_max(now_ms, Ordering::AcqRel);
        // The first instant is where counting starts.
        if before > 0 && now_ms > before {
            let step = (now_ms - before).min(24 * 60 * 60 * 1000);
            self.clock.advance(Duration::from_millis(step));
        }
    }

    pub fn check_address(&self, peer: IpAddr) -> Result<(), Refused> {
        self.check(self.addresses.as_ref(), &peer.into(), "too many requests from this address")
    }

    pub fn check_newcomer(&self, peer: IpAddr) -> Result<(), Refused> {
        let what = "too many sign-ins and registrations from this address";
        self.check(self.newcomers.as_ref(), &peer.into(), what)
    }

    pub fn check_account(&self, account: &AccountId) -> Result<(), Refused> {
        self.check(self.accounts.as_ref(), account, "too many requests of this account")
    }

    pub fn check_live(&self, account: &AccountId) -> Result<(), Refused> {
        self.check(self.live.as_ref(), account, "too many live messages of this account")
    }

    fn check<K: Hash + Eq + Clone>(
        &self,
        limiter: Option<&Limiter<K>>,
        key: &K,
        what: &str,
    ) -> Result<(), Refused> {
        let Some(limiter) = limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Refused::too_many(what, u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
        })
    }

    /// Forgets who has not asked for a while.
    pub fn forget_idle(&self) {
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.newcomers {
            limiter.retain_recent();
        }
        for limiter in [&self.accounts, &self.live].into_iter().flatten() {
            limiter.retain_recent();
        }
    }
}

fn limiter<K: Hash + Eq + Clone>(
    rate: Option<Rate>,
    clock: &FakeRelativeClock,
) -> Option<Limiter<K>> {
    let rate = rate?;
    let quota = Quota::per_second(NonZeroU32::new(rate.per_second)?)
        .allow_burst(NonZeroU32::new(rate.burst)?);
    Some(RateLimiter::dashmap_with_clock(quota, clock.clone()))
}
