//! What the chain is started with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Defect, Secret};

/// Everything a chain needs to start.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// Where the gateway listens; port 0 takes a free one. The other roles listen on free ports of the same address.
    pub listen: SocketAddr,
    /// The directory of the roles' SQLite files; made if missing. Unfinished work found there is resumed.
    pub store: PathBuf,
    /// Which release this chain is.
    pub release: Release,
    /// Defects planted on purpose; each at most once, see [`Defect::check_set`].
    pub defects: Vec<Defect>,
    /// The banks and wallets it may use.
    pub channels: Vec<ChannelEndpoint>,
    /// What `x-admin-token` must be.
    pub admin_token: Secret,
    /// Bounds of what it takes on.
    pub limits: Limits,
}

/// A bank or wallet and how to reach it.
#[derive(Clone, Debug)]
pub struct ChannelEndpoint {
    /// Its name, as in `channel:<name>` of the ledger.
    pub name: String,
    /// Which payments are routed to it; several channels of one method share them by order number.
    pub method: Method,
    /// Where it is, such as `http://127.0.0.1:9001/bank_north`.
    pub base_url: String,
    /// The platform's number there.
    pub merchant_no: String,
    /// The key shared with it.
    pub key: Secret,
}

/// How much the chain takes on at once; beyond it the answer is 503 `busy`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Payments and refunds being answered at once.
    pub in_flight_max: usize,
    /// Payments and refunds not yet final, answered or not.
    pub open_max: usize,
    /// How long a channel may take to answer.
    pub channel_time_max: Duration,
    /// How long an accepted order may wait for its callback before it is asked after.
    pub callback_wait_max: Duration,
}

impl Limits {
    /// The limits of `chain/README.md`.
    pub const STANDARD: Limits = Limits {
        in_flight_max: 2_000,
        open_max: 50_000,
        channel_time_max: Duration::from_secs(1),
        callback_wait_max: Duration::from_secs(3),
    };
}

/// How a payer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Through a bank that answers at once.
    Card,
    /// Through a wallet that accepts and calls back.
    Wallet,
    /// From the payer's own balance in the ledger.
    Balance,
}

impl Method {
    /// The name used on the wire and in the book.
    pub fn name(self) -> &'static str {
        match self {
            Method::Card => "card",
            Method::Wallet => "wallet",
            Method::Balance => "balance",
        }
    }
}

impl FromStr for Method {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Method, UnknownName> {
        [Method::Card, Method::Wallet, Method::Balance]
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| UnknownName { what: "method", found: text.to_owned(), known: "card, wallet, balance" })
    }
}

/// A release of the chain. Both keep the same interface and the same money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The first one.
    V1,
    /// Checks the risk of every payment before it is routed: one more state, `RISK_CHECKED`.
    V2,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Release; 2] = [Release::V1, Release::V2];
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Release::V1 => "v1",
            Release::V2 => "v2",
        })
    }
}

impl FromStr for Release {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Release, UnknownName> {
        Release::ALL.into_iter().find(|release| release.to_string() == text).ok_or_else(|| UnknownName {
            what: "release",
            found: text.to_owned(),
            known: "v1, v2",
        })
    }
}

/// A name that is none of the known ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{found}` is not known (known: {known})")]
pub struct UnknownName {
    what: &'static str,
    found: String,
    known: &'static str,
}
