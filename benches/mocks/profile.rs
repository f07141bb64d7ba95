//! The banks of the bench.

use serde_json::{Value, json};

/// A bank of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum BenchBank {
    /// Answers at once; nothing is signed.
    Unsigned,
    /// Answers at once; calls are signed by HMAC-SHA256.
    Hmac,
    /// Answers at once; calls are signed by RSA2.
    Rsa2,
    /// Answers after a time that is drawn.
    Drawn,
    /// Eight servers of four milliseconds each.
    Servers,
    /// Eight servers of four milliseconds each in the mean.
    RandomServers,
    /// Accepts, and tells by callbacks.
    Wallet,
}

impl BenchBank {
    /// Its name, the first part of its paths.
    pub(crate) const NAME: &str = "bank";

    /// The platform's number at each of them.
    pub(crate) const MERCHANT: &str = "880000000099";

    /// Its channel profile.
    pub(crate) fn profile(self) -> Value {
        let constant = |time: &str| json!({ "constant": time });
        let synchronous = |after: Value| json!({ "synchronous": { "after": after } });
        let servers = |time: Value| json!({ "servers": { "n": 8, "service_time": time } });
        let answer = match self {
            Self::Unsigned | Self::Hmac | Self::Rsa2 => synchronous(constant("0ms")),
            Self::Drawn => synchronous(json!({ "lognormal": { "median": "12ms", "sigma": 0.5 } })),
            Self::Servers => servers(constant("4ms")),
            Self::RandomServers => servers(json!({ "exponential": { "mean": "4ms" } })),
            Self::Wallet => json!({ "accepts": { "after": constant("2ms"), "final_after": constant("100ms") } }),
        };
        let signature = match self {
            Self::Hmac => json!({ "hmac_sha256": { "key": "bench-mock-key-not-a-secret" } }),
            Self::Rsa2 => json!({ "rsa2": {
                "platform_public_key": include_str!("../../mocks/keys/platform_public.pem"),
                "platform_private_key": include_str!("../../mocks/keys/platform_private.pem"),
                "bank_private_key": include_str!("../../mocks/keys/card_union_private.pem"),
            } }),
            _ => json!("none"),
        };
        let mut profile = json!({
            "name": Self::NAME,
            "merchant_no": Self::MERCHANT,
            "signature": signature,
            "answer": answer,
            "limits": { "orders_max": 20_000_000 },
        });
        match self {
            Self::Servers | Self::RandomServers => profile["limits"]["queue_max"] = json!(400),
            Self::Wallet => {
                profile["callback"] = json!({ "after": constant("20ms"), "retries": ["200ms", "1s", "5s"] });
            }
            _ => {}
        }
        profile
    }
}
