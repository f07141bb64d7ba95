//! Journeys: what one customer does, and what of it must be done exactly once.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::step::Step;

/// What one customer does, from start to end.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// How often it is chosen, relative to the others.
    pub weight: f64,
    /// Which group pays. Default `payers`.
    #[serde(default)]
    pub payer: Option<String>,
    /// Which group is paid. Default `merchants`.
    #[serde(default)]
    pub merchant: Option<String>,
    /// Payment methods this journey may use. Default: all of the shape, or those of `methods`.
    #[serde(default)]
    pub methods: Vec<String>,
    /// The amount, such as `CNY 12.50`. Default: drawn from the shape, by method.
    #[serde(default)]
    pub amount: Option<String>,
    /// Further amounts, by name, computed from others.
    #[serde(default, rename = "let")]
    pub lets: BTreeMap<String, Derived>,
    /// What is done, one after the other.
    pub steps: Vec<Step>,
}

/// An amount computed from another: exactly one of `percent` and `plus`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    /// The amount it is computed from: `amount`, `payer.balance` (as provisioned).
    pub of: String,
    /// So many hundredths of it, rounded down to a minor unit, at least one minor unit.
    #[serde(default)]
    pub percent: Option<f64>,
    /// So many minor units more (or less, down to one minor unit).
    #[serde(default)]
    pub plus: Option<i64>,
}

/// What a request wants done exactly once. Fixed by the plan: captured values are not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntentSpec {
    /// Another attempt of the intent of the step of this name; nothing else is given then.
    #[serde(default)]
    pub same_as: Option<String>,
    /// `pay` or `refund`.
    #[serde(default)]
    pub kind: Option<IntentWord>,
    /// The idempotency key, such as `{{order_no}}`.
    #[serde(default)]
    pub key: Option<String>,
    /// For a refund: the key of the payment.
    #[serde(default)]
    pub original: Option<String>,
    /// The amount, such as `{{amount}}`.
    #[serde(default)]
    pub amount: Option<String>,
    /// Who pays, such as `{{payer.id}}`.
    #[serde(default)]
    pub from: Option<String>,
    /// Who is paid, such as `{{merchant.id}}`.
    #[serde(default)]
    pub to: Option<String>,
    /// Which conflict this is part of.
    #[serde(default)]
    pub probe: ProbeWord,
}

/// What an intent wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntentWord {
    /// A payer pays a merchant.
    Pay,
    /// A merchant gives money back.
    Refund,
}

/// Which conflict an intent is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeWord {
    /// None.
    #[default]
    None,
    /// The same key and body again.
    SameKey,
    /// The key of another intent of this journey with another amount.
    OtherAmount,
    /// Another intent of this journey wants the same money.
    SameMoney,
}
