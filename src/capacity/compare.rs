//! Compares a load line with a stored one.

use super::baseline::{Baseline, LinePart};
use crate::verdict::Verdict;

/// The fall of the load line that is put up with unless another is asked for: 10 %.
///
/// Two lines known to 5 % each differ by up to 10 % without any change of the target; a fall of 20 % shows in spite of it.
pub const TOLERANCE: f64 = 0.1;

/// New load line to old one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Ratio of the middles; 1 is no change. Of an interval without an upper end its lower one is taken.
    pub ratio: f64,
    /// The smallest ratio that both intervals allow; 0 if the old line was not shown to fail anywhere.
    pub low: f64,
    /// The largest; infinite if the new line was not shown to fail anywhere.
    pub high: f64,
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// *fail*: the line fell by more than the tolerance, shown; *pass*: no such fall was shown, and one of twice the
    /// tolerance is excluded; *inconclusive*: the two cannot be compared, or are known too roughly.
    pub verdict: Verdict,
    /// `None` if they cannot be compared.
    pub effect: Option<Effect>,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// Compares `new` with `old`; `tolerance` is the fall put up with, such as [`TOLERANCE`], above 0 and below 0.5.
///
/// The effect's interval is the worst case of both: each line may lie anywhere between its ends, so the ratio covers at
/// least as often as both intervals do together.
pub fn compare(old: &Baseline, new: &Baseline, tolerance: f64) -> Comparison {
    let reasons = differences(old, new);
    if !reasons.is_empty() {
        return Comparison { verdict: Verdict::Inconclusive, effect: None, reasons };
    }
    let Some(effect) = effect(&old.load_line, &new.load_line) else {
        let reasons = vec!["the old baseline holds at no rate: there is nothing to fall from".to_owned()];
        return Comparison { verdict: Verdict::Inconclusive, effect: None, reasons };
    };
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let seen = format!(
        "the new load line is {} of the old one, between {} and {}",
        percent(effect.ratio),
        percent(effect.low),
        if effect.high.is_finite() { percent(effect.high) } else { "anything above".to_owned() },
    );
    let allowed = percent(tolerance);
    let (verdict, why) = if effect.high < 1.0 - tolerance {
        (Verdict::Fail, format!("it fell by more than the {allowed} put up with"))
    } else if effect.low >= 1.0 - 2.0 * tolerance {
        (Verdict::Pass, format!("a fall by more than the {allowed} put up with was not shown"))
    } else {
        let fall = percent(1.0 - effect.low);
        (Verdict::Inconclusive, format!("it may have fallen by up to {fall}: the lines are known too roughly to say"))
    };
    Comparison { verdict, effect: Some(effect), reasons: vec![seen, why] }
}

fn effect(old: &LinePart, new: &LinePart) -> Option<Effect> {
    if old.holds <= 0.0 {
        return None;
    }
    let middle = |line: &LinePart| line.fails.map_or(line.holds, |fails| (line.holds.max(0.0) * fails).sqrt());
    Some(Effect {
        ratio: middle(new) / middle(old),
        low: old.fails.map_or(0.0, |fails| new.holds / fails),
        high: new.fails.map_or(f64::INFINITY, |fails| fails / old.holds),
    })
}

/// Why the two cannot be compared: what differs of what must not.
fn differences(old: &Baseline, new: &Baseline) -> Vec<String> {
    let (a, b) = (&old.environment, &new.environment);
    let rows = [
        ("scenario", old.scenario_sha256.clone(), new.scenario_sha256.clone()),
        ("cores", a.cores.to_string(), b.cores.to_string()),
        ("processor", a.cpu.clone(), b.cpu.clone()),
        ("memory", a.memory_bytes.to_string(), b.memory_bytes.to_string()),
        ("kernel", a.kernel.clone(), b.kernel.clone()),
        ("topology", a.topology_sha256.clone(), b.topology_sha256.clone()),
    ];
    let differing = rows.into_iter().filter(|(_, old, new)| old != new);
    differing.map(|(what, old, new)| format!("the {what} differs: `{old}` then, `{new}` now")).collect()
}
