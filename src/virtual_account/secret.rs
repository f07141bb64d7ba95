//! Secrets of virtual merchants: the same for the same seed, and never shown.

use std::collections::HashMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::seed::Seed;

/// A text that is used and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret that is `text`.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for signing and for the one request that makes it known.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The secrets of the virtual merchants of a run, by account number.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    by_account: HashMap<String, Secret>,
}

impl Secrets {
    /// A secret for each of `accounts`, the same whenever seed and account number are.
    ///
    /// That makes a target usable for a second run with the same seed, where the accounts exist already. It
    /// protects test money only: who knows the seed knows the secrets.
    pub fn derive<'a>(seed: Seed, accounts: impl IntoIterator<Item = &'a str>) -> Self {
        let key = seed.stream("merchant_secret", 0);
        let secret = |account: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
            mac.update(account.as_bytes());
            Secret(hex::encode(mac.finalize().into_bytes()))
        };
        Self { by_account: accounts.into_iter().map(|account| (account.to_owned(), secret(account))).collect() }
    }

    /// The secret of this account; only merchants have one.
    pub fn get(&self, account_id: &str) -> Option<&Secret> {
        self.by_account.get(account_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secrets = Secrets::derive(Seed(1), ["99020000000001"]);
        let secret = secrets.get("99020000000001").expect("derived");
        assert_eq!(format!("{secret:?}"), "***");
        assert!(!format!("{secrets:?}").contains(secret.expose()));
    }

    #[test]
    fn secrets_follow_seed_and_account_alone() {
        let of = |seed, account: &str| Secrets::derive(Seed(seed), [account]).get(account).cloned();
        assert_eq!(of(1, "99020000000001"), of(1, "99020000000001"));
        assert_ne!(of(1, "99020000000001"), of(2, "99020000000001"));
        assert_ne!(of(1, "99020000000001"), of(1, "99020000000002"));
        assert_eq!(Secrets::derive(Seed(1), ["99020000000001"]).get("99010000000001"), None);
    }
}
