//! What the edge writes about a step at which nothing was wrong with the harness and no money was judged.

use crate::capacity::StepFacts;
use crate::judge::{RunFacts, VerdictFile};

pub(super) struct Judged {
    facts: RunFacts,
    verdict: VerdictFile,
}

impl Judged {
    pub(super) fn new() -> Self {
        let facts = serde_json::json!({
            "format": 1, "run": "r", "scenario": "s", "scenario_sha256": "", "seed": 0, "target": "t", "kinds": ["pay"],
            "steps": [["pay"]], "started_at": "", "started_unix_us": 0, "schedule_s": 0.0, "planned": 0, "plan_sha256": "",
            "end": { "how": "completed", "why": null, "wall_s": 0.0, "is_quiescent": true, "still_open": null,
                "generator_cpu": 0.1, "events_lost": 0, "rows_torn": 0, "local_ports_exhausted": 0, "channels": [],
                "cpu_s": [] }
        });
        let verdict = serde_json::json!({
            "format": 1, "kind": "run", "verdict": "pass", "exit_code": 0,
            "run": { "id": "r", "scenario": "s", "scenario_sha256": "", "seed": 0, "target": "t", "started_at": "",
                "wall_s": 0.0, "plan_sha256": "", "ended": "completed" },
            "load": { "model": "open", "offered_rate": 0.0, "achieved_rate": 0.0, "goodput": 0.0, "journeys": 0,
                "requests": 0, "failed": 0, "dropped": 0, "unknown": 0, "declined": 0 },
            "times": {}, "objectives": [], "invariants": [],
            "audit": { "lag_p99_us": 0.0, "lag_limit_us": 5000.0, "generator_cpu": 0.1, "channel_saturated": [],
                "events_lost": 0, "valid": true, "channel_late_p99_us": {} },
            "findings": []
        });
        Self {
            facts: serde_json::from_value(facts).expect("the shape of run.json"),
            verdict: serde_json::from_value(verdict).expect("the shape of verdict.json"),
        }
    }

    pub(super) fn facts(&self, rate: f64) -> StepFacts<'_> {
        StepFacts { rate, facts: &self.facts, verdict: &self.verdict }
    }
}
