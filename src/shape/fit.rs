//! Learns a shape from records.

use std::collections::BTreeMap;

use thiserror::Error;

use super::gaps::fit_gaps;
use super::model::{MethodShape, Shape};
use crate::seed::Seed;
use crate::stats::{QuantileTable, TableError, zipf_exponent};

/// One record of one order, as far as the source tells; records of one order are put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Which order it is part of; without one it is an order of its own.
    pub order: Option<String>,
    /// Seconds of local time since any midnight.
    pub at_secs: Option<i64>,
    /// In minor units, negative for what is given back.
    pub amount: Option<f64>,
    /// How it was paid, in the target's words.
    pub method: Option<String>,
    /// Who was paid.
    pub merchant: Option<String>,
    /// Who paid.
    pub payer: Option<String>,
    /// Whether it is a cancellation of an earlier order.
    pub is_cancel: bool,
}

/// All records of one source, and what the source can tell: what it cannot tell is not learnt from it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one flag for each column that a source may have")]
pub struct Records {
    /// In file order.
    pub records: Vec<Record>,
    /// Whether it tells times.
    pub has_times: bool,
    /// Whether it tells methods and amounts.
    pub has_methods: bool,
    /// Whether it tells merchants.
    pub has_merchants: bool,
    /// Whether it tells payers.
    pub has_payers: bool,
    /// Whether it tells cancellations.
    pub has_cancels: bool,
}

/// How much evidence went into a fit, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FitNotes {
    /// Orders put together from the records.
    pub n_orders: u64,
    /// Orders paid with more than nothing and not cancellations: those that times, amounts and payers are of.
    pub n_paid: u64,
    /// Orders that are cancellations.
    pub n_cancelled: u64,
}

/// Why nothing could be learnt.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FitError {
    /// No records.
    #[error("no usable rows")]
    NoRecords,
    /// Too few payments by one method for its quantiles.
    #[error("method `{method}` has {n} payments; at least 20 are needed (leave it out, or map it to another)")]
    FewPayments {
        /// Which.
        method: String,
        /// How many.
        n: usize,
    },
    /// Too few times, or all alike.
    #[error("arrival times: {0}")]
    Times(TableError),
    /// Fewer than two merchants or payers.
    #[error("fewer than two {0} were seen")]
    Few(&'static str),
}

/// Payments a method needs for its quantiles to mean something.
const PAYMENTS_MIN: usize = 20;

/// Adds to `onto` what `source` tells; the parts it does not tell stay as they are.
///
/// # Errors
/// [`FitError`] for the first part that cannot be learnt.
pub fn fit(onto: Shape, source: &Records, seed: Seed) -> Result<(Shape, FitNotes), FitError> {
    let orders = orders(&source.records);
    if orders.is_empty() {
        return Err(FitError::NoRecords);
    }
    let paid: Vec<&Record> = orders.iter().filter(|o| !o.is_cancel && o.amount.is_none_or(|a| a > 0.0)).collect();
    let n_cancelled = orders.iter().filter(|o| o.is_cancel).count() as u64;
    let mut shape = onto;
    if source.has_methods {
        shape.methods = fit_methods(&paid)?;
    }
    if source.has_times {
        let times: Vec<i64> = paid.iter().filter_map(|o| o.at_secs).collect();
        let fitted = fit_gaps(&times, seed).map_err(FitError::Times)?;
        shape.hour_curve = fitted.hour_curve.map(|w| significant(w, 4));
        shape.gaps = fitted.gaps.points().iter().map(|&(p, gap)| (p, significant(gap, 4))).collect();
    }
    if source.has_merchants {
        // By record, not by order: an order of three merchants pays three merchants.
        let merchants = source.records.iter().filter_map(|r| r.merchant.as_deref());
        shape.merchant_skew = fit_skew(merchants).ok_or(FitError::Few("merchants"))?;
    }
    if source.has_payers {
        shape.payer_skew = fit_skew(paid.iter().filter_map(|o| o.payer.as_deref())).ok_or(FitError::Few("payers"))?;
    }
    if source.has_cancels {
        shape.cancel_share = significant(n_cancelled as f64 / orders.len() as f64, 4);
    }
    let notes = FitNotes { n_orders: orders.len() as u64, n_paid: paid.len() as u64, n_cancelled };
    Ok((shape, notes))
}

/// Puts records of one order together: the first of everything, the sum of amounts.
fn orders(records: &[Record]) -> Vec<Record> {
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    let mut orders: Vec<Record> = Vec::new();
    for record in records {
        let known = record.order.as_deref().and_then(|o| place.get(o).copied());
        if let Some(i) = known {
            let order = &mut orders[i];
            order.amount = match (order.amount, record.amount) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
            order.at_secs = order.at_secs.or(record.at_secs);
            order.payer = order.payer.take().or_else(|| record.payer.clone());
            order.is_cancel |= record.is_cancel;
        } else {
            if let Some(order) = record.order.as_deref() {
                place.insert(order, orders.len());
            }
            orders.push(record.clone());
        }
    }
    orders
}

fn fit_methods(paid: &[&Record]) -> Result<BTreeMap<String, MethodShape>, FitError> {
    let mut amounts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (method, amount) in paid.iter().filter_map(|o| Some((o.method.as_deref()?, o.amount?))) {
        amounts.entry(method).or_default().push(amount);
    }
    let total: usize = amounts.values().map(Vec::len).sum();
    if total == 0 {
        return Err(FitError::NoRecords);
    }
    let fitted = amounts.into_iter().map(|(method, mut sample)| {
        let few = FitError::FewPayments { method: method.to_owned(), n: sample.len() };
        if sample.len() < PAYMENTS_MIN {
            return Err(few);
        }
        sample.sort_by(f64::total_cmp);
        let table = QuantileTable::of_sample(&sample).map_err(|_| few)?;
        let whole = |&(p, v): &(f64, f64)| (p, v.round().max(1.0));
        let weight = significant(sample.len() as f64 / total as f64, 4);
        Ok((method.to_owned(), MethodShape { weight, amounts: table.points().iter().map(whole).collect() }))
    });
    fitted.collect()
}

fn fit_skew<'a>(names: impl Iterator<Item = &'a str>) -> Option<f64> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let counts: Vec<u64> = counts.into_values().collect();
    zipf_exponent(&counts).map(|s| (s * 1e3).round() / 1e3)
}

/// `x` with `digits` significant digits, so that files stay short; noise of the fit is far above that.
fn significant(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(method: &str, amount: f64) -> Record {
        Record { method: Some(method.into()), amount: Some(amount), ..Record::default() }
    }

    #[test]
    fn methods_get_their_share_and_their_own_amounts() {
        let mut records: Vec<Record> = (1..=60).map(|i| paid("card", f64::from(i) * 100.0)).collect();
        records.extend((1..=20).map(|_| paid("wallet", 7.0)));
        records.push(paid("card", -50.0));
        let source = Records { records, has_methods: true, ..Records::default() };
        let (shape, notes) = fit(Shape::default(), &source, Seed(1)).expect("enough");
        let weights: Vec<(&str, f64)> = shape.methods.iter().map(|(n, m)| (n.as_str(), m.weight)).collect();
        assert_eq!(weights, [("card", 0.75), ("wallet", 0.25)]);
        let card = shape.methods["card"].amount_table().expect("valid");
        // By hand: the median of 100, 200, ... 6000 is 3050, its ends are 100 and 6000.
        assert_eq!((card.at(0.0), card.at(0.5).round(), card.at(1.0)), (100.0, 3050.0, 6000.0));
        assert_eq!((notes.n_orders, notes.n_paid), (81, 80));
        assert_eq!(shape.problems(), []);
    }

    #[test]
    fn lines_of_one_order_are_put_together_and_cancellations_counted() {
        let line = |order: &str, payer: Option<&str>, amount| Record {
            order: Some(order.into()),
            payer: payer.map(Into::into),
            amount: Some(amount),
            is_cancel: order.starts_with('C'),
            ..Record::default()
        };
        let records = vec![
            line("1", None, -5.0),
            line("1", Some("a"), 9.0),
            line("2", Some("a"), 9.0),
            line("3", Some("b"), 0.0),
            line("4", Some("b"), 1.0),
            line("C5", Some("b"), -9.0),
        ];
        let source = Records { records, has_payers: true, has_cancels: true, ..Records::default() };
        let (shape, notes) = fit(Shape::default(), &source, Seed(1)).expect("enough");
        assert_eq!(notes, FitNotes { n_orders: 5, n_paid: 3, n_cancelled: 1 });
        assert!((shape.cancel_share - 0.2).abs() < 1e-12);
        // Two payers with 2 and 1 orders: 1/2^s = 1/2, so s is 1.
        assert!((shape.payer_skew - 1.0).abs() < 1e-9, "{}", shape.payer_skew);
    }

    #[test]
    fn too_little_evidence_is_refused() {
        let source = Records { records: vec![paid("card", 5.0)], has_methods: true, ..Records::default() };
        let few = FitError::FewPayments { method: "card".into(), n: 1 };
        assert_eq!(fit(Shape::default(), &source, Seed(1)).map(|_| ()), Err(few));
        assert_eq!(fit(Shape::default(), &Records::default(), Seed(1)).map(|_| ()), Err(FitError::NoRecords));
    }
}
