//! Steps: requests, waits, and what is read from answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::capture::Capture;
use super::control::{OutcomeWord, Pause, Repeat, Way};
use super::journey::IntentSpec;
use super::retry::Retry;

/// One step of a journey: exactly one of `post`, `get`, `await`, `parallel`, `pause`, `repeat`, `if` and `choose`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A name for reports and for `same_as`. Default: the journey's name, or method and path.
    #[serde(default)]
    pub name: Option<String>,
    /// Path of a POST request.
    #[serde(default)]
    pub post: Option<String>,
    /// Path of a GET request.
    #[serde(default)]
    pub get: Option<String>,
    /// JSON body. A string that is only `{{amount}}` or another amount becomes a number.
    #[serde(default)]
    pub json: Option<Value>,
    /// Body of a form (`application/x-www-form-urlencoded`): names and values, in this order, percent-encoded.
    #[serde(default)]
    pub form: Option<Map<String, Value>>,
    /// Body of XML as it is written here; the values of its variables are escaped, so that they stay text or attributes.
    #[serde(default)]
    pub xml: Option<String>,
    /// Body as it is written here, with the values of its variables put in as they are.
    #[serde(default)]
    pub raw: Option<String>,
    /// With `xml` and `raw`: what it is. Default `application/xml; charset=utf-8` and `text/plain; charset=utf-8`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// What this request wants done exactly once; makes it part of the book of intents.
    #[serde(default)]
    pub intent: Option<IntentSpec>,
    /// What the answer must be: `status: 200`, `$.path: [A, B]`, or `/path: A` of XML. Default: status 200.
    #[serde(default)]
    pub expect: Option<BTreeMap<String, OneOrMany>>,
    /// Answers that are a refusal by the rules of the business, not a failure; every condition must hold.
    #[serde(default)]
    pub declined: Option<BTreeMap<String, OneOrMany>>,
    /// Values kept for later steps: a name to a path, such as `payment: $.payment_id` of JSON or `/pay/id` of XML, to a
    /// header of the answer, or to a pattern. A journey whose capture finds nothing ends there. Of a step with an intent the first, by name, is
    /// the target's id of it.
    #[serde(default)]
    pub capture: BTreeMap<String, Capture>,
    /// How long one request may take, from connecting to the last byte, such as `800ms`. Default 10 s.
    #[serde(default)]
    pub timeout: Option<String>,
    /// When the request is made again. The step ends as its last attempt did.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// Outcomes besides `ok` after which the journey goes on, for a later step to deal with: `declined`, `unexpected`,
    /// `unknown`, `not_sent`. They do not count as the journey's own.
    #[serde(default)]
    pub go_on: Vec<OutcomeWord>,
    /// Wait for something to be so.
    #[serde(default, rename = "await")]
    pub await_: Option<Await>,
    /// Steps sent at the same moment: a conflict probe. Only `post` and `get` inside.
    #[serde(default)]
    pub parallel: Option<Vec<Step>>,
    /// Wait this long, such as `200ms`, or `{ lognormal: { median: 2s, sigma: 0.5 } }`.
    #[serde(default)]
    pub pause: Option<Pause>,
    /// Steps done again and again, a bounded number of times.
    #[serde(default)]
    pub repeat: Option<Repeat>,
    /// Conditions, all of which must hold for `then`: `outcome: declined` and `status: 409` of the last answer, or a
    /// value such as `"{{state}}": [SUCCEEDED, FAILED]`, captured or known to the plan. One without a value never holds.
    #[serde(default, rename = "if")]
    pub if_: Option<BTreeMap<String, OneOrMany>>,
    /// With `if`: steps done if it holds.
    #[serde(default)]
    pub then: Option<Vec<Step>>,
    /// With `if`: steps done if it does not.
    #[serde(default, rename = "else")]
    pub else_: Option<Vec<Step>>,
    /// One of several ways, drawn by weight from the plan's seed.
    #[serde(default)]
    pub choose: Option<Vec<Way>>,
}

/// One value or several of which one must match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// Any of these.
    Many(Vec<Value>),
    /// This one.
    One(Value),
}

/// Waiting: exactly one of `get` (poll until), `notice` (the platform notifies the merchant) and `callback` (whoever is
/// under test calls the run itself).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Await {
    /// Path to poll.
    #[serde(default)]
    pub get: Option<String>,
    /// What the answer must be for the wait to end.
    #[serde(default)]
    pub until: BTreeMap<String, OneOrMany>,
    /// Id of the payment or refund whose final notification is awaited, such as `{{payment}}`.
    #[serde(default)]
    pub notice: Option<String>,
    /// Which of the scenario's `callbacks` is awaited. Its fields are known afterwards as `{{NAME.FIELD}}`.
    #[serde(default)]
    pub callback: Option<String>,
    /// With `callback`: what it must be about, such as `{{order_no}}`; made of what is planned.
    #[serde(default)]
    pub about: Option<String>,
    /// Only go on if the final status is one of these; otherwise the journey ends here, in order. Default: any.
    #[serde(default)]
    pub go_on: Vec<String>,
    /// How long at most, such as `10s`.
    pub within: String,
    /// Time between polls, such as `200ms`. Default 200 ms.
    #[serde(default)]
    pub every: Option<String>,
    /// Values kept from the last answer, as of a request.
    #[serde(default)]
    pub capture: BTreeMap<String, Capture>,
}
