//! The search for the load line, run in virtual time against stations whose capacity is known.
//!
//! Everything but the station is the product's own: the search asks for steps, each step's events go through the reader
//! and the judge, and the outcome goes back to the search. A station is a queue with servers; its truth is a closed form
//! or was simulated far longer than any search.

mod station;

use plimsoll::capacity::{
    Action, LoadLine, Probe, Search, SearchSettings, StepEvidence, StepFacts, StepOutcome, StepReader,
};
use plimsoll::history::{Event, Exchange, Outcome};
use plimsoll::judge::{RunFacts, VerdictFile};
use plimsoll::measure::Frame;
use plimsoll::scenario::objective::parse_objective;
use plimsoll::seed::Seed;
use plimsoll::time::Span;
use plimsoll::verdict::Verdict;

use self::station::{Station, stations};
use crate::parallel;
use crate::size::Size;
use crate::table::{Out, Share, median};

/// How often the interval must cover the truth: what the search is asked for.
const CONFIDENCE: f64 = 0.95;
/// How narrow it is asked to be.
const WIDTH: f64 = 0.05;

/// Runs many searches against each station and prints what they came to.
pub(crate) fn run(size: Size, out: &mut Out) {
    out.title("Searches for the load line: coverage and width");
    out.line(
        "Each search asks for 95 % confidence and an interval of 5 %, with steps of 8 s, and ends by itself within its time. \
         *Covered*: the truth lies within [holds, fails]; a search that ran out of time and left a wide interval counts too. \
         Where only the backlog tells, the truth is 0.2 % wide: one that grows by less is not called growth. \
         *As narrow as asked*: found within the time. Widths and times are of all searches.",
    );
    let n = size.pick(4, 2_000);
    let mut rows = Vec::new();
    for station in stations() {
        let found: Vec<Found> = parallel::map(n, |i| Found::of(&station, &search(&station, Seed(i))));
        let covered = Share::of(found.iter().map(|f| f.off <= 0.0));
        let passed = Share::of(found.iter().map(|f| f.is_pass));
        let mean = |of: fn(&Found) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
        let most = |of: fn(&Found) -> f64| found.iter().map(of).fold(0.0, f64::max);
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let (_, high) = covered.interval();
        // Many searches must show it, a few may not speak against it.
        let is_covered = size.pick(high, covered.value()) >= CONFIDENCE;
        out.check(is_covered, &format!("coverage of {}: {}", station.name, covered.text()));
        out.check(most(|f| f.seconds) <= station.budget_s as f64, &format!("time budget of {}", station.name));
        rows.push([
            station.name.to_owned(),
            format!("{:.1}", station.truth),
            covered.n.to_string(),
            covered.text(),
            percent(most(|f| f.off)),
            passed.text(),
            percent(median(found.iter().map(|f| f.width).collect())),
            format!("{:.1}", mean(|f| f.steps)),
            format!("{:.0} / {:.0} / {}", mean(|f| f.seconds), most(|f| f.seconds), station.budget_s),
        ]);
    }
    let header = [
        "station and objective",
        "truth, /s",
        "searches",
        "covered",
        "furthest off",
        "as narrow as asked",
        "median width",
        "steps, mean",
        "seconds: mean / longest / allowed",
    ];
    out.table(&header, &rows);
}

/// What one search came to.
struct Found {
    /// How far the truth lies outside, as a share of the nearer end; 0 if it is inside.
    off: f64,
    width: f64,
    is_pass: bool,
    steps: f64,
    seconds: f64,
}

impl Found {
    fn of(station: &Station, line: &LoadLine) -> Self {
        let (low, high) = (line.holds, line.fails.unwrap_or(f64::INFINITY));
        let below: f64 = if low > 0.0 { 1.0 - station.truth / low } else { 0.0 };
        Self {
            off: (below - station.grain).max(station.truth / high - 1.0).max(0.0),
            width: high / low - 1.0,
            is_pass: line.verdict == Verdict::Pass,
            steps: line.steps.len() as f64,
            seconds: line.search_s,
        }
    }
}

/// One search, from start to end.
fn search(station: &Station, seed: Seed) -> LoadLine {
    let settings = SearchSettings {
        start: station.start,
        min: station.start / 32.0,
        max: 1e5,
        width: WIDTH,
        budget: Span::from_secs(station.budget_s),
        confidence: CONFIDENCE,
        step_time: Span::from_secs(8),
        warm_up: Span::from_millis(station.warm_up_ms),
        overhead: Span::from_millis(station.overhead_ms),
        seed,
    };
    let mut search = Search::new(settings).expect("the table's settings are sound");
    let judged = Judged::new();
    loop {
        match search.next() {
            Action::Done(line) => return *line,
            Action::Probe(probe) => {
                let evidence = step(station, &probe, seed, &judged);
                let took = Span::from_nanos(probe.lasts.as_nanos() + Span::from_millis(station.overhead_ms).as_nanos());
                search.take(StepOutcome { probe, evidence: Some(evidence), took, is_interrupted: false });
            }
        }
    }
}

fn step(station: &Station, probe: &Probe, seed: Seed, judged: &Judged) -> StepEvidence {
    let mut reader = StepReader::new(Frame {
        kinds: vec!["pay".to_owned()],
        schedule: probe.lasts,
        warm_up: probe.warm_up,
        objectives: vec![parse_objective(station.objective).expect("the table's objectives are well-formed")],
    });
    let mut journey = 0;
    let step_seed = Seed(seed.0 ^ probe.seed.rotate_left(17));
    station.simulate(probe.rate, probe.lasts.as_secs_f64(), step_seed, |due, end| {
        let [due_ns, at_ns] = [due, end].map(|s| Span::from_secs_f64(s).as_nanos());
        reader.take(&Event::Exchange(exchange(journey, due_ns, at_ns)));
        reader.take(&Event::Ended { journey, kind: 0, due_ns, at_ns, outcome: Outcome::Ok });
        journey += 1;
    });
    let facts = StepFacts { rate: probe.rate, facts: &judged.facts, verdict: &judged.verdict };
    StepEvidence::new(&reader.finish(), facts)
}

fn exchange(journey: u64, due_ns: u64, answered_ns: u64) -> Exchange {
    Exchange {
        journey,
        kind: 0,
        step: 0,
        attempt: 1,
        due_ns,
        sent_ns: due_ns,
        answered_ns,
        outcome: Outcome::Ok,
        status: 200,
        reason: None,
        intent: None,
        target_id: None,
        target_status: None,
        is_poll: false,
    }
}

/// What the edge would have written about a step at which nothing was wrong with the harness and no money was judged.
struct Judged {
    facts: RunFacts,
    verdict: VerdictFile,
}

impl Judged {
    fn new() -> Self {
        let facts = serde_json::json!({
            "format": 1, "run": "r", "scenario": "s", "scenario_sha256": "", "seed": 0, "target": "virtual", "kinds": ["pay"],
            "steps": [["pay"]], "started_at": "", "started_unix_us": 0, "schedule_s": 0.0, "planned": 0, "plan_sha256": "",
            "end": { "how": "completed", "why": null, "wall_s": 0.0, "is_quiescent": true, "still_open": null,
                "generator_cpu": 0.1, "events_lost": 0, "rows_torn": 0, "local_ports_exhausted": 0, "channels": [],
                "cpu_s": [] }
        });
        let verdict = serde_json::json!({
            "format": 1, "kind": "run", "verdict": "pass", "exit_code": 0,
            "run": { "id": "r", "scenario": "s", "scenario_sha256": "", "seed": 0, "target": "virtual", "started_at": "",
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
}
