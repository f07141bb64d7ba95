//! The verdict on a canary.

use serde::{Deserialize, Serialize};

use super::evidence::CanaryEvidence;
use super::gate;
use super::metric::MetricRun;
use super::row::{BlockRow, is_final, rows, tail_quantile};
use super::series::CanarySeries;
use super::settings::CanarySettings;
use super::share::{ShareMetric, judge_share};
use super::support::support;
use super::times::{TimeMetric, judge_time};
use crate::judge::{CanaryMetricPart, CanaryPart, SampleRatioPart};
use crate::verdict::{Finding, Severity, Verdict};

/// Whether the canary may take more traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryState {
    /// It is no worse than the margins allow, and its money is right.
    Pass,
    /// Not enough is known to say.
    Hold,
    /// It is worse.
    Fail,
}

impl CanaryState {
    /// The word used in files: `pass`, `hold` or `fail`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Hold => "hold",
            Self::Fail => "fail",
        }
    }

    /// The same as a verdict of a run: a hold is inconclusive.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Pass => Verdict::Pass,
            Self::Hold => Verdict::Inconclusive,
            Self::Fail => Verdict::Fail,
        }
    }
}

/// What a comparison came to, as far as the evidence goes.
#[derive(Clone, Debug)]
pub struct CanaryJudgement {
    /// The verdict.
    pub state: CanaryState,
    /// What the statistics alone say, without money and without the arms' own judgements. What is left to ask when an
    /// arm still runs.
    pub statistics: CanaryState,
    /// In the order `failed`, `declined`, `response_p50`, the tail, `settled_p50`; without those that are about nothing.
    pub metrics: Vec<CanaryMetricPart>,
    /// Orders of each arm.
    pub sample_ratio: SampleRatioPart,
    /// Why: what failed, what holds, what else is worth knowing. Heaviest first; never empty.
    pub reasons: Vec<Finding>,
    /// Orders of both arms after which the verdict stood; `None` while it holds.
    pub orders_needed: Option<u64>,
    /// Pairs of blocks judged.
    pub blocks: usize,
    /// Orders that failed on the canary beyond those of the control, 0 if none.
    pub extra_failed: u64,
    /// Every look, for plots.
    pub series: CanarySeries,
}

/// Whether a comparison that still goes on may end now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// It has come to this. A stop for a pass means that the statistics suffice: money is judged once both arms are at rest.
    Stop(CanaryState),
    /// More is needed.
    GoOn,
}

impl CanaryJudgement {
    /// Whether to stop, asked after each pair of blocks.
    pub fn early(&self) -> Early {
        match (self.state, self.statistics) {
            (CanaryState::Fail, _) => Early::Stop(CanaryState::Fail),
            (_, CanaryState::Pass) => Early::Stop(CanaryState::Pass),
            _ => Early::GoOn,
        }
    }

    /// For `verdict.json`.
    pub fn part(&self) -> CanaryPart {
        CanaryPart {
            state: self.state.word().to_owned(),
            metrics: self.metrics.clone(),
            sample_ratio: self.sample_ratio.clone(),
            blocks: self.blocks as u64,
            orders_needed: self.orders_needed,
        }
    }
}

/// Judges a canary on what is known so far, looking back after every block.
///
/// In this order, and what comes first wins:
/// 1. An arm without any order, or blocks without a trace: hold.
/// 2. Sample ratio: arms that were not given the same number of orders: hold, and nothing else counts.
/// 3. An arm that carried out nothing in several blocks while the other answered: the canary fails; a silent control
///    holds, and so do both.
/// 4. Money: an invariant violated on the canary and not on the control fails, without statistics. One that the control
///    violates too holds: the bench is broken. One undecided and not waived holds.
/// 5. What voids an arm's numbers (a late generator, a crash, a target not at rest): hold.
/// 6. Failure rates, declines, response times: fail if one is shown to be beyond its margin, pass if all are shown to be
///    within, else hold.
/// 7. A hold beyond the exposure budget is a fail.
///
/// # Panics
/// If the settings do not [`check`](CanarySettings::check).
pub fn judge_canary(settings: &CanarySettings, evidence: &CanaryEvidence<'_>) -> CanaryJudgement {
    let rows = rows(evidence, settings.min_orders);
    let sample_ratio = gate::sample_ratio(&rows, settings.sample_ratio_alpha);
    let voids = gate::voids(evidence, &rows);
    let mut metrics = if rows.is_empty() { Vec::new() } else { metrics(settings, evidence, &rows) };
    let void = match voids.first() {
        _ if sample_ratio.state != "pass" => Some("the arms were not given the same orders"),
        first => first.map(|finding| finding.text.as_str()),
    };
    if let Some(why) = void {
        for metric in &mut metrics {
            metric.hold(why);
        }
    }
    let silence = gate::silence(&rows, settings);
    let mut statistics = statistics(settings, &metrics, rows.len());
    if silence.is_some() {
        statistics = statistics.max(CanaryState::Hold);
    }

    let mut silent_at = None;
    let mut reasons = Vec::new();
    if let Some(finding) = gate::no_data(evidence) {
        reasons.push(finding);
    } else if sample_ratio.state != "pass" {
        reasons.push(gate::uneven(&sample_ratio));
    } else {
        if let Some(silence) = silence {
            silent_at = Some(silence.at);
            reasons.push(silence.finding);
        }
        reasons.extend(gate::money(evidence.control.judged, evidence.canary.judged));
        reasons.extend(voids);
        reasons.extend(of_statistics(settings, &metrics, rows.len()));
    }
    let extra_failed = extra_failed(&rows);
    if let Some(budget) = settings.exposure_budget.filter(|&budget| extra_failed > budget)
        && state_of(&reasons) == CanaryState::Hold
    {
        reasons.push(gate::fail(format!(
            "the exposure budget is spent: {extra_failed} orders more failed on the canary, {budget} were accepted \
             while the verdict was open"
        )));
    }
    let state = state_of(&reasons);
    if state == CanaryState::Pass {
        reasons.push(passed(&metrics, rows.len()));
    }
    // Stable: findings of one weight stay in the order of the checks.
    reasons.sort_by_key(|f| std::cmp::Reverse(f.severity));

    let orders = orders_at_looks(&rows);
    let stood_at = stood_at(state, settings, &metrics, silent_at);
    let is_final = is_final(evidence.control.orders, evidence.canary.orders);
    let (curves, supporting) =
        if is_final { support(evidence, settings, rows.len()) } else { (Vec::new(), Vec::new()) };
    let (parts, series) = metrics.into_iter().map(|m| (m.part, m.series)).unzip();
    CanaryJudgement {
        state,
        statistics,
        metrics: parts,
        sample_ratio,
        reasons,
        // What has no look of its own (money, the budget) is judged on all there is.
        orders_needed: match state {
            CanaryState::Hold => None,
            CanaryState::Pass | CanaryState::Fail => stood_at.and_then(|at| orders.get(at)).or(orders.last()).copied(),
        },
        blocks: rows.len(),
        extra_failed,
        series: CanarySeries { orders, metrics: series, curves, supporting },
    }
}

/// The look (0-based) from which on the verdict stood, if a look decided it.
fn stood_at(
    state: CanaryState,
    settings: &CanarySettings,
    metrics: &[MetricRun],
    silent_at: Option<usize>,
) -> Option<usize> {
    match state {
        CanaryState::Fail => {
            let failed = metrics.iter().filter(|m| m.state == CanaryState::Fail).filter_map(|m| m.failed_at);
            failed.chain(silent_at).min()
        }
        CanaryState::Pass => {
            let least = settings.min_blocks.saturating_sub(1);
            metrics.iter().filter_map(|m| m.passed_since).chain([least]).max()
        }
        CanaryState::Hold => None,
    }
}

/// Every metric that is about something.
fn metrics(settings: &CanarySettings, evidence: &CanaryEvidence<'_>, rows: &[BlockRow]) -> Vec<MetricRun> {
    let CanarySettings { weights, margins, .. } = settings;
    let planned = evidence.blocks.planned();
    let (_, tail) = tail_quantile(evidence.blocks);
    let share = |metric| judge_share(metric, settings, rows, planned);
    let time = |metric| judge_time(metric, settings, rows);
    let mut metrics = vec![
        share(ShareMetric { name: "failed", margin: margins.failed, weight: weights.failed, of: |r| r.failed }),
        share(ShareMetric { name: "declined", margin: margins.declined, weight: weights.declined, of: |r| r.declined }),
        time(TimeMetric {
            name: "response_p50",
            margin: margins.response_p50,
            weight: weights.response_p50,
            of: |r| r.response_p50,
        }),
        time(TimeMetric {
            name: tail,
            margin: margins.response_tail,
            weight: weights.response_tail,
            of: |r| r.response_tail,
        }),
    ];
    // Many scenarios have nothing that settles later; then there is nothing to ask for.
    if evidence.control.orders.has_settled() || evidence.canary.orders.has_settled() {
        metrics.push(time(TimeMetric {
            name: "settled_p50",
            margin: margins.settled_p50,
            weight: weights.settled_p50,
            of: |r| r.settled_p50,
        }));
    }
    metrics
}

/// What the metrics come to together: the worst, and no pass before there are enough blocks.
///
/// The chance of a false fail is at most α over all metrics, as their weights sum to 1. A false pass needs no such split:
/// a release beyond a margin passes only if this very metric errs (R. L. Berger, *Multiparameter Hypothesis Testing and
/// Acceptance Sampling*, Technometrics 24, 1982).
fn statistics(settings: &CanarySettings, metrics: &[MetricRun], blocks: usize) -> CanaryState {
    let worst = metrics.iter().map(|m| m.state).max().unwrap_or(CanaryState::Hold);
    if blocks < settings.min_blocks { worst.max(CanaryState::Hold) } else { worst }
}

/// What the statistics fail or leave open, as findings.
fn of_statistics(settings: &CanarySettings, metrics: &[MetricRun], blocks: usize) -> Vec<Finding> {
    let mut findings: Vec<Finding> = metrics
        .iter()
        .filter_map(|metric| {
            let text = format!("{}: {}", metric.part.name, metric.part.why);
            match metric.state {
                CanaryState::Fail => Some(gate::fail(text)),
                CanaryState::Hold => Some(gate::hold(text)),
                CanaryState::Pass => None,
            }
        })
        .collect();
    if blocks < settings.min_blocks {
        let text = format!("{blocks} pairs of blocks were run, {} are needed to pass", settings.min_blocks);
        findings.push(gate::hold(text));
    }
    findings
}

fn state_of(reasons: &[Finding]) -> CanaryState {
    match Verdict::worst(reasons.iter().map(|f| f.severity.verdict()).chain([Verdict::Pass])) {
        Verdict::Pass => CanaryState::Pass,
        Verdict::Inconclusive => CanaryState::Hold,
        Verdict::Fail => CanaryState::Fail,
    }
}

fn passed(metrics: &[MetricRun], blocks: usize) -> Finding {
    let names: Vec<&str> = metrics.iter().map(|m| m.part.name.as_str()).collect();
    let text = format!(
        "money held on the canary, and it is within every margin over {blocks} pairs of blocks: {}",
        names.join(", ")
    );
    Finding::new(Severity::Info, text)
}

/// Orders of both arms up to each look.
fn orders_at_looks(rows: &[BlockRow]) -> Vec<u64> {
    rows.iter()
        .scan(0, |sum, row| {
            *sum += row.control.due + row.canary.due;
            Some(*sum)
        })
        .collect()
}

fn extra_failed(rows: &[BlockRow]) -> u64 {
    let sum = |of: fn(&BlockRow) -> u64| rows.iter().map(of).sum::<u64>();
    sum(|row| row.failed.canary).saturating_sub(sum(|row| row.failed.control))
}
