//! What somebody who comes into a chart wants to be called, sealed for each account that takes part. Neither the relay
//! nor whoever holds the link reads it; it is said, not proven.

use minicbor::{Decode, Encode};

use crate::entropy::Entropy;
use crate::epoch::{AccountEpoch, AccountSecret};
use crate::ids::{AccountId, InviteId, SpaceId};
use crate::invitation::MAX_NAME_BYTES;
use crate::keys::{WrapError, Wrapped, wrap};

/// The most accounts that an admission greets.
pub const MAX_GREETINGS: usize = 16;
/// A name and its length, padded: how long it is tells something too.
const PLAIN_BYTES: usize = 128;
/// Encapsulated key, name, tag.
const WRAPPED_BYTES: usize = 32 + PLAIN_BYTES + 16;

/// A name for one account to read.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Greeting {
    /// Who reads it.
    #[n(0)]
    pub to: AccountId,
    /// The epoch of that account whose key opens it.
    #[n(1)]
    pub epoch: u32,
    /// The name, sealed.
    #[n(2)]
    pub wrapped: Wrapped,
}

fn info(chart: SpaceId, invite: InviteId, from: AccountId) -> Vec<u8> {
    [b"holdfast 1 greeting".as_slice(), &chart.0, &invite.0, &from.0].concat()
}

impl Greeting {
    /// Seals a name for an account. Of a name that is longer than [`MAX_NAME_BYTES`] the beginning is taken.
    ///
    /// # Errors
    /// [`WrapError::BadReceiver`] when that account's key is not usable.
    pub fn seal(
        (chart, invite, from): (SpaceId, InviteId, AccountId),
        name: &str,
        to: AccountId,
        epoch: &AccountEpoch,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, WrapError> {
        let mut end = name.len().min(MAX_NAME_BYTES);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let mut plain = [0u8; PLAIN_BYTES];
        plain[0] = u8::try_from(end).expect("a name has at most 120 bytes");
        plain[1..=end].copy_from_slice(&name.as_bytes()[..end]);
        let wrapped = wrap(&epoch.receive, &info(chart, invite, from), &plain, entropy)?;
        Ok(Self { to, epoch: epoch.number, wrapped })
    }

    /// Opens it with the secret of the account it is for, in its epoch.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`] when it was made for another account, chart or invite, or is no name.
    pub fn open(
        &self,
        (chart, invite, from): (SpaceId, InviteId, AccountId),
        secret: &AccountSecret,
    ) -> Result<String, WrapError> {
        let plain = secret.receive().unwrap(&info(chart, invite, from), &self.wrapped)?;
        let (length, rest) = plain.split_first().ok_or(WrapError::DoesNotOpen)?;
        let name = rest.get(..usize::from(*length)).ok_or(WrapError::DoesNotOpen)?;
        String::from_utf8(name.to_vec()).map_err(|_| WrapError::DoesNotOpen)
    }

    /// Whether greetings are such as an admission may carry.
    pub(super) fn fit(greetings: &[Self]) -> bool {
        let once = |n: usize, one: &Self| greetings[..n].iter().all(|other| other.to != one.to);
        greetings.len() <= MAX_GREETINGS
            && greetings
                .iter()
                .enumerate()
                .all(|(n, one)| one.wrapped.0.len() == WRAPPED_BYTES && once(n, one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use crate::secret::Secret32;

    const PLACE: (SpaceId, InviteId, AccountId) =
        (SpaceId([1; 32]), InviteId([2; 32]), SpaceId([3; 32]));

    fn account() -> (AccountSecret, AccountEpoch) {
        let e = &mut SystemEntropy;
        let secret = AccountSecret(Secret32::random(e));
        let epoch = AccountEpoch::create(1, &secret, None, &[], e).unwrap();
        (secret, epoch)
    }

    #[test]
    fn a_name_is_read_by_whom_it_is_for_at_its_place_and_by_nobody_else() {
        let (secret, epoch) = account();
        let to = SpaceId([4; 32]);
        let one = Greeting::seal(PLACE, "Dr. Cruz", to, &epoch, &mut SystemEntropy).unwrap();
        assert_eq!(one.open(PLACE, &secret).unwrap(), "Dr. Cruz");
        assert!(one.open(PLACE, &account().0).is_err());
        for place in [
            (SpaceId([9; 32]), PLACE.1, PLACE.2),
            (PLACE.0, InviteId([9; 32]), PLACE.2),
            (PLACE.0, PLACE.1, SpaceId([9; 32])),
        ] {
            assert!(one.open(place, &secret).is_err(), "{place:?}");
        }
    }

    #[test]
    fn every_name_takes_the_same_room_and_is_cut_between_letters() {
        let (secret, epoch) = account();
        let seal = |name: &str| {
            Greeting::seal(PLACE, name, SpaceId([4; 32]), &epoch, &mut SystemEntropy).unwrap()
        };
        let long = seal(&"ö".repeat(80));
        assert_eq!(long.open(PLACE, &secret).unwrap(), "ö".repeat(60));
        let short = seal("A");
        assert_eq!(short.wrapped.0.len(), long.wrapped.0.len());
        assert!(Greeting::fit(std::slice::from_ref(&short)));
        assert!(!Greeting::fit(&[short.clone(), short.clone()]), "one a reader");
        let mut cut = short;
        cut.wrapped.0.pop();
        assert!(!Greeting::fit(&[cut]));
    }
}
