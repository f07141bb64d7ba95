//! Which rate to try next, and for how long.

use super::estimate::{bracket, centre, propose};
use super::probe::Purpose;
use super::search::SearchSettings;
use super::step::StepVerdict;
use super::view::{Group, Lean, View};
use crate::stats::Draws;

/// How often a rate at which the harness was not fit is tried again before it is taken as the harness's limit.
const VOID_TRIES: usize = 2;
/// After so many rates at none of which the harness was fit, lower ones are not tried.
const VOID_RATES: usize = 4;
/// How often a rate that contradicts another is tried in all.
const FLAP_TRIES: usize = 3;
/// After so many rates that all fail for money, lower ones are not tried.
const MONEY_RATES: usize = 3;
/// From so many probes on a rate that is still open is taken for one too near the line.
const STUBBORN_TRIES: usize = 3;
/// With this share of the budget left the ends are as far apart as the time left allows to be shown.
const TIME_SHORT: f64 = 0.2;
/// The widest pair of ends that is tried when time is short.
const WIDEST: f64 = 0.12;
/// When time is short and a side has nothing to show, a rate this far off it is tried: a wide interval tells more than
/// half of one.
const FAR: f64 = 0.2;
/// How often, at most.
const FAR_TRIES: usize = 2;

/// A step that would help.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wish {
    pub(super) rate: f64,
    pub(super) purpose: Purpose,
    /// Seconds to be measured.
    pub(super) seconds: f64,
}

/// The next step; `None` if nothing more is to be learnt.
///
/// | Known | Next |
/// |---|---|
/// | nothing | the start |
/// | a rate where the harness was not fit, tried once | the same again |
/// | a rate that fails below one that holds | each again, up to three times in all |
/// | nothing bad | twice the highest; at the top, the top until it is shown |
/// | nothing good | lower; at the bottom, the bottom until it is shown |
/// | four rates, the harness fit at none | nothing |
/// | a wide bracket | where the line seems to be |
/// | little time left, a side of which nothing is shown | a rate well on that side |
/// | a narrow one | its ends, in random order, until both are shown twice |
pub(super) fn choose(settings: &SearchSettings, view: &View, turn: usize, left_s: f64) -> Option<Wish> {
    if let Some(group) = view.groups.iter().find(|g| g.lean() == Lean::Void && g.probes.len() < VOID_TRIES) {
        return Some(locate(settings, group.rate));
    }
    if let Some((fails, holds)) = view.contradiction() {
        let both = [fails, holds].into_iter().filter_map(|rate| view.at(rate));
        let again = both.min_by_key(|g| g.probes.len()).filter(|g| g.probes.len() < FLAP_TRIES)?;
        return Some(Wish { seconds: settings.measured_s(), ..end(settings, view, again.rate, Purpose::LowEnd) });
    }
    if let Some(wish) = far_off(settings, view, left_s) {
        return Some(wish);
    }
    let lowest = |lean: Lean| view.groups.iter().find(|g| g.lean() == lean);
    let wall = lowest(Lean::Void).map(|g| g.rate);
    match bracket(view) {
        (None, None) if view.groups.is_empty() => Some(locate(settings, settings.start)),
        (None, None) if view.groups.len() >= VOID_RATES => None,
        (None, None) => down(settings, view, wall?),
        (Some(good), None) => up(settings, view, good.rate, wall),
        (None, Some(bad)) => down(settings, view, bad.rate),
        (Some(good), Some(bad)) => match centre(settings, view, good, bad) {
            Some(centre) => ends(settings, view, centre, (turn, left_s)),
            None => Some(locate(settings, propose(settings, view, good, bad))),
        },
    }
}

/// When time is short: a rate well off those that lean the other way, on a side where none is shown.
fn far_off(settings: &SearchSettings, view: &View, left_s: f64) -> Option<Wish> {
    if left_s >= TIME_SHORT * settings.budget.as_secs_f64() {
        return None;
    }
    let (good, bad) = bracket(view);
    let (rate, purpose) = match (view.interval(), good, bad) {
        ((None, Some(_)), _, Some(bad)) => (bad.rate * (1.0 - FAR), Purpose::LowEnd),
        ((Some(_), None), Some(good), _) => (good.rate * (1.0 + FAR), Purpose::HighEnd),
        _ => return None,
    };
    let rate = tidy(rate).clamp(settings.min, settings.max);
    let tries = view.at(rate).map_or(0, |g| g.probes.len());
    (tries < FAR_TRIES).then(|| end(settings, view, rate, purpose))
}

/// Nothing bad was seen yet.
fn up(settings: &SearchSettings, view: &View, good: f64, wall: Option<f64>) -> Option<Wish> {
    let width = 1.0 + settings.width;
    match wall {
        Some(wall) if wall / good <= width * 1.001 => unconfirmed(settings, view, good, Purpose::LowEnd),
        Some(wall) => Some(locate(settings, tidy((good * wall).sqrt()))),
        None if good >= settings.max => unconfirmed(settings, view, good, Purpose::LowEnd),
        None => {
            let seconds = 0.3 * settings.measured_s();
            Some(Wish { seconds, ..locate(settings, (good * 2.0).min(settings.max)) })
        }
    }
}

/// Nothing good was seen yet.
fn down(settings: &SearchSettings, view: &View, bad: f64) -> Option<Wish> {
    let is_money = |g: &Group| g.judged.reasons.first().is_some_and(|why| why.starts_with("money:"));
    if view.groups.len() >= MONEY_RATES && view.groups.iter().all(is_money) {
        return None;
    }
    if bad <= settings.min {
        return unconfirmed(settings, view, bad, Purpose::HighEnd);
    }
    let got_done = view.at(bad).and_then(|g| g.completed).filter(|&done| done < 0.9 * bad);
    let n = i32::try_from(view.groups.len()).unwrap_or(i32::MAX);
    let lower = got_done.map_or(bad / 2.0_f64.powi(n), |done| 0.9 * done);
    Some(locate(settings, tidy(lower).max(settings.min)))
}

/// The ends around `centre`: the one with less behind it, by a seeded coin if both are alike.
fn ends(settings: &SearchSettings, view: &View, centre: f64, (turn, left_s): (usize, f64)) -> Option<Wish> {
    let asked = settings.width;
    let stretched = stretched(settings, view, left_s);
    // A wide pair that is shown leaves time to try the narrow one after all.
    [stretched, asked].into_iter().find_map(|width| ends_apart(settings, view, (centre, width), turn))
}

fn ends_apart(settings: &SearchSettings, view: &View, (centre, width): (f64, f64), turn: usize) -> Option<Wish> {
    let (low, high) = pair(view, centre, width);
    // Where the harness is not fit nothing is to be shown.
    let high =
        view.groups.iter().find(|g| g.lean() == Lean::Void).map_or(high, |wall| high.min(tidy_down(0.98 * wall.rate)));
    if high <= low {
        return None;
    }
    let tries = |rate: f64| view.at(rate).map_or(0, |g| g.probes.len());
    let is_done = |rate: f64, verdict| view.at(rate).is_some_and(|g| g.is_confirmed(verdict));
    let is_high = match (is_done(low, StepVerdict::Holds), is_done(high, StepVerdict::Fails)) {
        (true, true) => return None,
        (true, false) => true,
        (false, true) => false,
        (false, false) if tries(low) != tries(high) => tries(high) < tries(low),
        (false, false) => Draws::new(settings.seed, "capacity order", turn as u64).chance(0.5),
    };
    let (rate, purpose) = if is_high { (high, Purpose::HighEnd) } else { (low, Purpose::LowEnd) };
    Some(end(settings, view, rate, purpose))
}

/// Two rates around `centre`, no further apart than the width `w`; those already tried are preferred.
fn pair(view: &View, centre: f64, w: f64) -> (f64, f64) {
    use StepVerdict::{Fails, Holds};
    let width = 1.0 + w;
    let shown = |g: &&Group, verdict| g.judged.verdict == verdict;
    // A rate that stays open where the line seems to be is not to be shown: the more so the more often it was tried.
    let is_near = |g: &Group, far: f64| {
        let is_stubborn = g.judged.verdict == StepVerdict::Open && g.probes.len() >= STUBBORN_TRIES;
        let least = if is_stubborn { 0.4 } else { 0.2 };
        (1.0 + least * w..=1.0 + 0.8 * w).contains(&far)
    };
    let (holds, fails) = view.interval();
    let known = |rate: Option<f64>| rate.and_then(|rate| view.at(rate));
    let holds = known(holds).filter(|g| g.rate * (1.0 + 0.75 * w) >= centre);
    let fails = known(fails).filter(|g| g.rate <= centre * (1.0 + 0.75 * w));
    let far = |rate: f64, from: f64| (rate / from).ln().abs();
    let leaning = |lean: Lean, aim: f64, is_in: &dyn Fn(&Group) -> bool| {
        let fit = view.groups.iter().filter(|g| g.lean() == lean && !g.flaps && is_in(g));
        fit.min_by(|a, b| far(a.rate, aim).total_cmp(&far(b.rate, aim)))
    };
    let low = holds.or_else(|| leaning(Lean::Good, centre / width.sqrt(), &|g| is_near(g, centre / g.rate)));
    let high = fails.or_else(|| leaning(Lean::Bad, centre * width.sqrt(), &|g| is_near(g, g.rate / centre)));
    let below = |rate: f64| tidy_up(rate / width);
    let above = |rate: f64| tidy_down(rate * width);
    // The further apart, the easier both are shown: one that is already tried only serves if it gives little away.
    let high_of = |l: &Group| high.filter(|h| h.rate <= l.rate * width && h.rate >= 0.992 * l.rate * width);
    let low_of = |h: &Group| low.filter(|l| h.rate <= l.rate * width && h.rate >= 0.992 * l.rate * width);
    match (low, high) {
        (Some(l), Some(h)) if shown(&l, Holds) && shown(&h, Fails) && h.rate <= l.rate * width => (l.rate, h.rate),
        (Some(l), Some(h)) if (shown(&h, Fails), h.probes.len()) > (shown(&l, Holds), l.probes.len()) => {
            (low_of(h).map_or_else(|| below(h.rate), |l| l.rate), h.rate)
        }
        (Some(l), _) => (l.rate, high_of(l).map_or_else(|| above(l.rate), |h| h.rate)),
        (None, Some(h)) => (below(h.rate), h.rate),
        (None, None) => {
            let low = tidy(centre / width.sqrt());
            (low, above(low))
        }
    }
}

/// The width asked for, or the narrowest that the time left seems to allow.
fn stretched(settings: &SearchSettings, view: &View, left_s: f64) -> f64 {
    if left_s >= TIME_SHORT * settings.budget.as_secs_f64() {
        return settings.width;
    }
    // Where only a backlog tells, nothing says how near the line is.
    let Some(fit) = &view.fit else { return settings.width.max(WIDEST) };
    let crossing = fit.crossing();
    let near = view.groups.iter().filter(|g| (g.rate / crossing).ln().abs() < 0.15);
    let spent = near.map(|g| g.measured_s).sum::<f64>().max(1.0);
    let half = fit.reach((spent + 0.7 * left_s) / spent);
    if half <= 0.5 * settings.width + 0.005 { settings.width } else { (2.0 * half).exp_m1().min(WIDEST) }
}

/// A probe of an end, unless it is confirmed.
fn unconfirmed(settings: &SearchSettings, view: &View, rate: f64, purpose: Purpose) -> Option<Wish> {
    let wanted = if purpose == Purpose::LowEnd { StepVerdict::Holds } else { StepVerdict::Fails };
    let is_done = view.at(rate).is_some_and(|g| g.is_confirmed(wanted));
    (!is_done).then(|| end(settings, view, rate, purpose))
}

/// A probe of an end.
fn end(settings: &SearchSettings, view: &View, rate: f64, purpose: Purpose) -> Wish {
    let usual = settings.measured_s();
    let seconds = match view.at(rate) {
        // Tried in vain: longer now.
        Some(group) if group.is_end && group.judged.verdict == StepVerdict::Open => 1.5 * usual,
        Some(group) if group.judged.verdict == StepVerdict::Open => usual,
        // Shown once: a second look may be shorter.
        Some(_) => 0.5 * usual,
        None => usual,
    };
    Wish { rate, purpose, seconds }
}

fn locate(settings: &SearchSettings, rate: f64) -> Wish {
    Wish { rate, purpose: Purpose::Locate, seconds: 0.5 * settings.measured_s() }
}

/// Four significant digits: people read rates.
pub(super) fn tidy(rate: f64) -> f64 {
    in_grains(rate, f64::round)
}

fn tidy_up(rate: f64) -> f64 {
    in_grains(rate, |n| (n - 1e-9).ceil())
}

fn tidy_down(rate: f64) -> f64 {
    in_grains(rate, |n| (n + 1e-9).floor())
}

/// Rounds to a whole number of grains of a thousandth of the rate's power of ten. A power of ten below 1 is no exact
/// number, so it is divided by its inverse instead.
fn in_grains(rate: f64, round: impl Fn(f64) -> f64) -> f64 {
    let power = rate.log10().floor() - 3.0;
    let grains = 10_f64.powf(power.abs());
    if power < 0.0 { round(rate * grains) / grains } else { round(rate / grains) * grains }
}
