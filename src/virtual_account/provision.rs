//! Opening the plan's accounts in a target, after making sure that it is one to open them in.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::admin::{Admin, Answer, CallError, Health};
use super::secret::{Secret, Secrets};
use crate::id::RunId;
use crate::plan::VirtualAccount;
use crate::scenario::model::AccountKind;
use crate::scenario::typed::LiveRange;

/// Accounts in one request at most, by the target's interface.
const CHUNK_ACCOUNTS: usize = 1_000;

/// The header by which a target shows that it understood the mark.
const ECHO: &str = "x-stress-test";

/// Why accounts were not opened.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// The target did not answer.
    #[error("cannot provision virtual accounts")]
    Unreachable(#[source] CallError),
    /// What answers is something else than a payment platform with our interface.
    #[error("`{url}` is not a payment platform plimsoll can drive: {what}")]
    NotAPlatform {
        /// What was called.
        url: String,
        /// What was wrong with the answer.
        what: String,
    },
    /// The target says of itself that it is not up.
    #[error("the target says that it is `{status}`, not `up`")]
    NotUp {
        /// What it said.
        status: String,
    },
    /// The target does not treat marked requests as such: test money could be taken for real.
    #[error("the target does not echo the mark: header `{ECHO}` should be `{expected}`, it is {found}")]
    MarkNotEchoed {
        /// The run.
        expected: String,
        /// What came instead.
        found: Echoed,
    },
    /// A virtual account has the number of a live one.
    #[error("virtual account `{account}` lies in the live range {first}..{last}")]
    Overlap {
        /// Its number.
        account: String,
        /// The first number of the range.
        first: u128,
        /// The last number of the range.
        last: u128,
    },
    /// A virtual account whose number is none, so that it cannot be compared with live ranges.
    #[error("virtual account `{account}` is not a number")]
    NotANumber {
        /// What it is called.
        account: String,
    },
    /// A plan without a merchant: nobody could sign.
    #[error("there is no virtual merchant among {n_accounts} accounts")]
    NoMerchant {
        /// How many accounts there are.
        n_accounts: usize,
    },
    /// The target knows a merchant's account already, with another secret.
    #[error("the target does not take the signature of virtual merchant `{account}`")]
    SecretRefused {
        /// The merchant.
        account: String,
    },
    /// The target said no.
    #[error("`{url}` answered {status}: {excerpt}")]
    Refused {
        /// What was called.
        url: String,
        /// HTTP status.
        status: u16,
        /// The start of the answer.
        excerpt: String,
    },
    /// The target opened more or fewer accounts than it was sent.
    #[error("of {sent} accounts sent, the target says it created {created} and knew {existing}")]
    Miscounted {
        /// Accounts sent.
        sent: u64,
        /// Accounts it says it created.
        created: u64,
        /// Accounts it says were there already.
        existing: u64,
    },
}

/// What came in place of the echo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Echoed {
    /// No such header.
    Missing,
    /// Another value.
    Other(String),
}

impl std::fmt::Display for Echoed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Other(value) => write!(f, "`{value}`"),
        }
    }
}

impl ProvisionError {
    /// What the user can do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Unreachable(CallError::NoTls { failure, .. }) => failure.help(),
            Self::Unreachable(_) => "start the target, or check `target.url` of the scenario",
            Self::NotAPlatform { .. } => {
                "`target.url` must be the gateway of a platform with the administration interface of chain/README.md"
            }
            Self::NotUp { .. } => "wait until all roles of the target are up",
            Self::MarkNotEchoed { .. } => {
                "the gateway must pass on the mark and echo it in every answer; without it no load is sent"
            }
            Self::Overlap { .. } => "change the scenario's `live_ranges`, if they are wrong; else the accounts' prefix",
            Self::NotANumber { .. } => "virtual accounts have numbers of digits only",
            Self::NoMerchant { .. } => "add a group of kind `merchant` to the scenario's `accounts`",
            Self::SecretRefused { .. } => {
                "the account may be left from a run with another seed: use that seed, or a fresh target"
            }
            Self::Refused { status: 401 | 403, .. } => {
                "check the token in the variable that `target.admin_token_env` names"
            }
            Self::Refused { .. } | Self::Miscounted { .. } => "look into the target's own log for the reason",
        }
    }
}

/// What was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioned {
    /// Accounts created.
    pub created: u64,
    /// Accounts that were there already, with whatever balance they have.
    pub existing: u64,
    /// What the target says of itself.
    pub health: Health,
}

/// Opens accounts for one run in one target.
#[derive(Clone, Debug)]
pub struct Provisioner {
    admin: Admin,
    run: RunId,
    /// Where merchants are told, without a slash at the end.
    merchant_endpoint: String,
}

impl Provisioner {
    /// Will open accounts for `run`, whose merchants are notified at `<merchant_endpoint>/notify/<account>`.
    pub fn new(admin: Admin, run: RunId, merchant_endpoint: &str) -> Self {
        Self { admin, run, merchant_endpoint: merchant_endpoint.trim_end_matches('/').to_owned() }
    }

    /// Opens `accounts`, merchants with their secrets.
    ///
    /// In this order: numbers against `live`, without any request; health; one merchant; the mark, with a request
    /// signed by that merchant; only then all others.
    ///
    /// # Arguments
    /// - `unix_s`: the time to sign with, Unix seconds
    ///
    /// # Errors
    /// [`ProvisionError`]; up to [`ProvisionError::MarkNotEchoed`] at most one account has been opened.
    ///
    /// # Panics
    /// If `secrets` lacks a merchant of `accounts`.
    pub async fn provision(
        &self,
        accounts: &[Arc<VirtualAccount>],
        secrets: &Secrets,
        live: &[LiveRange],
        unix_s: u64,
    ) -> Result<Provisioned, ProvisionError> {
        check_numbers(accounts, live)?;
        let first = accounts
            .iter()
            .position(|a| a.kind == AccountKind::Merchant)
            .ok_or(ProvisionError::NoMerchant { n_accounts: accounts.len() })?;
        let health = self.health().await?;
        let mut opened = self.open(&accounts[first..=first], secrets).await?;
        let merchant = &accounts[first].id;
        self.check_mark(merchant, secrets.get(merchant).expect("open looked it up"), unix_s).await?;

        let others: Vec<_> = accounts[..first].iter().chain(&accounts[first + 1..]).cloned().collect();
        for chunk in others.chunks(CHUNK_ACCOUNTS) {
            let more = self.open(chunk, secrets).await?;
            opened.created += more.created;
            opened.existing += more.existing;
        }
        Ok(Provisioned { created: opened.created, existing: opened.existing, health })
    }

    /// What the target says of itself; an error unless it is up.
    ///
    /// # Errors
    /// [`ProvisionError`] telling apart no answer, a refusal, garbage, and not up.
    pub async fn health(&self) -> Result<Health, ProvisionError> {
        let path = "/admin/v1/health";
        let answer = self.admin.get(path).await.map_err(unreachable_or_garbage)?;
        let health: Health = self.read(path, &answer)?;
        if health.status == "up" { Ok(health) } else { Err(ProvisionError::NotUp { status: health.status }) }
    }

    async fn open(&self, accounts: &[Arc<VirtualAccount>], secrets: &Secrets) -> Result<Opened, ProvisionError> {
        let path = "/admin/v1/accounts";
        let accounts: Vec<_> = accounts.iter().map(|account| self.account_to_open(account, secrets)).collect();
        let sent = accounts.len() as u64;
        let body = ToOpen { run: self.run.as_str(), accounts };
        let answer = self.admin.post(path, &body).await.map_err(unreachable_or_garbage)?;
        let opened: Opened = self.read(path, &answer)?;
        let Opened { created, existing } = opened;
        if created.checked_add(existing) == Some(sent) {
            Ok(opened)
        } else {
            Err(ProvisionError::Miscounted { sent, created, existing })
        }
    }

    fn account_to_open<'a>(&self, account: &'a VirtualAccount, secrets: &'a Secrets) -> AccountToOpen<'a> {
        let (kind, secret, notify_url) = match account.kind {
            AccountKind::Payer => ("payer", None, None),
            AccountKind::Merchant => {
                let secret = secrets.get(&account.id).expect("the caller derived a secret for every merchant");
                let notify_url = format!("{}/notify/{}", self.merchant_endpoint, account.id);
                ("merchant", Some(secret.expose()), Some(notify_url))
            }
        };
        AccountToOpen {
            id: &account.id,
            kind,
            balance: account.balance,
            currency: account.currency.code(),
            secret,
            notify_url,
        }
    }

    /// Asks for an order that does not exist, marked and signed, and looks for the mark in the answer.
    async fn check_mark(&self, merchant: &str, secret: &Secret, unix_s: u64) -> Result<(), ProvisionError> {
        let run = self.run.as_str();
        let path = format!("/v1/payments?merchant_order_no={run}-probe");
        let trace = hex::encode(Sha256::digest(format!("{run}-probe")));
        let headers = [
            ("traceparent", format!("00-{}-{}-01", &trace[..32], &trace[32..48])),
            ("baggage", format!("plimsoll.stress=1,plimsoll.run={run}")),
            (ECHO, run.to_owned()),
            ("x-merchant", merchant.to_owned()),
            ("x-timestamp", unix_s.to_string()),
            ("x-signature", sign(secret, &format!("GET\n{path}\n{unix_s}\n"))),
        ];
        let answer = self.admin.get_as_merchant(&path, &headers).await.map_err(unreachable_or_garbage)?;
        match answer.status {
            200 | 404 => {}
            401 => return Err(ProvisionError::SecretRefused { account: merchant.to_owned() }),
            _ => return Err(self.refused(&path, &answer)),
        }
        let found = match answer.headers.get(ECHO) {
            Some(value) if value == run => return Ok(()),
            Some(value) => Echoed::Other(String::from_utf8_lossy(value.as_bytes()).into_owned()),
            None => Echoed::Missing,
        };
        Err(ProvisionError::MarkNotEchoed { expected: run.to_owned(), found })
    }

    fn read<'a, T: Deserialize<'a>>(&self, path: &str, answer: &'a Answer) -> Result<T, ProvisionError> {
        if answer.status != 200 {
            return Err(self.refused(path, answer));
        }
        serde_json::from_slice(&answer.body).map_err(|e| ProvisionError::NotAPlatform {
            url: self.url(path),
            what: format!("{e} in `{}`", answer.excerpt()),
        })
    }

    fn refused(&self, path: &str, answer: &Answer) -> ProvisionError {
        ProvisionError::Refused { url: self.url(path), status: answer.status, excerpt: answer.excerpt() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.admin.base_url())
    }
}

/// Makes sure that no virtual account has the number of a live one.
///
/// # Errors
/// [`ProvisionError::Overlap`] or [`ProvisionError::NotANumber`] for the first account that fails.
pub fn check_numbers(accounts: &[Arc<VirtualAccount>], live: &[LiveRange]) -> Result<(), ProvisionError> {
    for account in accounts {
        let id = &account.id;
        let number = id.bytes().all(|b| b.is_ascii_digit()).then(|| id.parse().ok()).flatten();
        let number: u128 = number.ok_or_else(|| ProvisionError::NotANumber { account: id.to_string() })?;
        if let Some(range) = live.iter().find(|range| range.contains(number)) {
            let LiveRange { first, last } = *range;
            return Err(ProvisionError::Overlap { account: id.to_string(), first, last });
        }
    }
    Ok(())
}

fn unreachable_or_garbage(error: CallError) -> ProvisionError {
    match error {
        CallError::NotHttp { url, .. } => {
            ProvisionError::NotAPlatform { url, what: "it does not speak HTTP".to_owned() }
        }
        CallError::TooLarge { url, limit } => {
            ProvisionError::NotAPlatform { url, what: format!("its answer is longer than {limit} bytes") }
        }
        other => ProvisionError::Unreachable(other),
    }
}

fn sign(secret: &Secret, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[derive(Serialize)]
struct ToOpen<'a> {
    run: &'a str,
    accounts: Vec<AccountToOpen<'a>>,
}

#[derive(Serialize)]
struct AccountToOpen<'a> {
    id: &'a str,
    kind: &'static str,
    balance: i64,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_url: Option<String>,
}

#[derive(Deserialize)]
struct Opened {
    created: u64,
    existing: u64,
}

#[cfg(test)]
mod tests;
