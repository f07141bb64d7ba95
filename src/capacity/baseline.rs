//! `baseline.json`, format 1: an accepted load line and what must match before another is compared with it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::line::{LoadLine, Scalability, StepRecord};

/// The unit of every rate.
const UNIT: &str = "journeys/s";
/// What must be in the file: the schema's required fields, and what this program adds to them.
const MUST: [&str; 19] = [
    "/scenario",
    "/scenario_sha256",
    "/made_at",
    "/release",
    "/environment",
    "/environment/cores",
    "/environment/cpu",
    "/environment/memory_bytes",
    "/environment/kernel",
    "/environment/topology_sha256",
    "/load_line",
    "/load_line/holds",
    "/load_line/fails",
    "/load_line/unit",
    "/load_line/confidence",
    "/load_line/binding",
    "/load_line/verdict",
    "/steps",
    "/digest",
];

/// What a baseline was made on. Two baselines are only compared if all of it is equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Cores of the machine.
    pub cores: u64,
    /// Model of the processor.
    pub cpu: String,
    /// Memory.
    pub memory_bytes: u64,
    /// Kernel release.
    pub kernel: String,
    /// Digest of what was set up: kind of target, channel profiles, build profile. The release is not part of it.
    pub topology_sha256: String,
}

/// What the edge adds to a load line to make a baseline.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of `Baseline`")]
pub struct BaselineFacts {
    pub scenario: String,
    pub scenario_sha256: String,
    pub release: String,
    pub made_at: String,
    pub environment: Environment,
    pub expected_peak: Option<f64>,
}

/// A stored load line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// 1.
    pub format: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// Digest of the scenario file.
    pub scenario_sha256: String,
    /// What was under test.
    pub release: String,
    /// RFC 3339.
    pub made_at: String,
    /// What it was made on.
    pub environment: Environment,
    /// The line.
    pub load_line: LinePart,
    /// Against an expected peak, if one was given.
    pub headroom: Option<Headroom>,
    /// The Universal Scalability Law, if it could be fitted.
    pub scalability: Option<Scalability>,
    /// How often the ends showed the same again.
    pub retests: super::line::Retests,
    /// Every step of the search.
    pub steps: Vec<StepRecord>,
    /// SHA-256 over everything else, hex: shows that nobody edited the file.
    pub digest: String,
}

/// The load line as it stands in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinePart {
    /// Highest offered rate shown to hold.
    pub holds: f64,
    /// Lowest offered rate shown to fail.
    pub fails: Option<f64>,
    /// `journeys/s`.
    pub unit: String,
    /// How sure the interval is, 0 to 1.
    pub confidence: f64,
    /// How narrow it was asked to be.
    pub width: f64,
    /// What gave way first.
    pub binding: String,
    /// Which hop was exhausted first.
    pub hop: Option<String>,
    /// `pass`, `fail` or `inconclusive`: only a *pass* may be accepted.
    pub verdict: String,
}

/// The room above an expected peak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headroom {
    /// Journeys per second.
    pub expected_peak: f64,
    /// (load line − expected peak) / load line.
    pub headroom: f64,
}

/// Why a text is not a baseline: every problem found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a usable baseline: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct BaselineError {
    /// At least one.
    pub problems: Vec<BaselineProblem>,
}

/// One problem of a baseline file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BaselineProblem {
    /// Not JSON, or not an object.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// Written in a format that this program does not know.
    #[error("format {found}, this program reads format 1")]
    OtherFormat {
        /// As in the file.
        found: String,
    },
    /// A field that must be there is not.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A field is not of the right kind or range.
    #[error("`{field}`: {why}")]
    Wrong {
        /// Path of the field.
        field: String,
        /// Expected and found.
        why: String,
    },
    /// The digest does not fit the content.
    #[error("edited: the digest is {stated}, the content gives {computed}")]
    Edited {
        /// In the file.
        stated: String,
        /// Of the content.
        computed: String,
    },
}

impl Baseline {
    /// A baseline of `line`.
    pub fn new(line: &LoadLine, facts: BaselineFacts) -> Self {
        let headroom = facts
            .expected_peak
            .filter(|_| line.holds > 0.0)
            .map(|expected_peak| Headroom { expected_peak, headroom: (line.holds - expected_peak) / line.holds });
        Self {
            format: 1,
            scenario: facts.scenario,
            scenario_sha256: facts.scenario_sha256,
            release: facts.release,
            made_at: facts.made_at,
            environment: facts.environment,
            load_line: LinePart {
                holds: line.holds,
                fails: line.fails,
                unit: UNIT.to_owned(),
                confidence: line.confidence,
                width: line.width,
                binding: line.binding.clone(),
                hop: line.hop.clone(),
                verdict: line.verdict.word().to_owned(),
            },
            headroom,
            scalability: line.usl.clone(),
            retests: line.retests.clone(),
            steps: line.steps.clone(),
            digest: String::new(),
        }
    }

    /// The text of the file, with its digest.
    pub fn to_text(&self) -> String {
        let mut value = serde_json::to_value(self).expect("a baseline has text keys and finite numbers only");
        let digest = digest(&value);
        value["digest"] = Value::String(digest);
        format!("{value:#}\n")
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Every problem found. Of another format only that is told: its fields may mean something else.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let fail = |problems| Err(BaselineError { problems });
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(why) => return fail(vec![BaselineProblem::NotJson(why.to_string())]),
        };
        match value.get("format") {
            Some(format) if format.as_u64() == Some(1) => {}
            None => return fail(vec![BaselineProblem::Missing("format".to_owned())]),
            Some(other) => return fail(vec![BaselineProblem::OtherFormat { found: other.to_string() }]),
        }
        let mut problems: Vec<BaselineProblem> = MUST
            .iter()
            .filter(|path| value.pointer(path).is_none())
            .map(|path| BaselineProblem::Missing(path.trim_start_matches('/').replace('/', ".")))
            .collect();
        let stated = value.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned();
        let computed = digest(&value);
        if stated != computed && value.get("digest").is_some() {
            problems.push(BaselineProblem::Edited { stated, computed });
        }
        if problems.iter().any(|p| matches!(p, BaselineProblem::Missing(_))) {
            return fail(problems);
        }
        match serde_json::from_value::<Self>(value) {
            Ok(baseline) => {
                problems.extend(baseline.load_line.problems());
                if problems.is_empty() { Ok(baseline) } else { fail(problems) }
            }
            Err(why) => {
                problems.push(BaselineProblem::Wrong { field: "(content)".to_owned(), why: why.to_string() });
                fail(problems)
            }
        }
    }
}

impl LinePart {
    fn problems(&self) -> Vec<BaselineProblem> {
        let wrong = |field: &str, why: String| BaselineProblem::Wrong { field: format!("load_line.{field}"), why };
        let mut problems = Vec::new();
        if self.holds < 0.0 {
            problems.push(wrong("holds", format!("a rate is not below 0, got {}", self.holds)));
        }
        if let Some(fails) = self.fails.filter(|&fails| fails <= self.holds) {
            problems.push(wrong("fails", format!("{fails} is not above `holds`, {}", self.holds)));
        }
        if self.unit != UNIT {
            problems.push(wrong("unit", format!("expected `{UNIT}`, got `{}`", self.unit)));
        }
        if !(0.0..1.0).contains(&self.confidence) {
            problems.push(wrong("confidence", format!("must be from 0 to below 1, got {}", self.confidence)));
        }
        problems
    }
}

/// SHA-256 over everything but the digest itself, in the order of the file, without blanks.
fn digest(value: &Value) -> String {
    let mut content = value.clone();
    if let Some(fields) = content.as_object_mut() {
        fields.shift_remove("digest");
    }
    hex::encode(Sha256::digest(content.to_string()))
}
