//! The detection table: the footprint of every planted defect, and the invariants that must find it.

use super::{ALL, Judgement, Lookup};
use crate::ledger::sample::{MERCHANT, RUN, Sample, clean};
use crate::ledger::{Books, ClientOutcome, RecordKind};

/// The names of the invariants that are violated, in order.
fn violated(books: &Books) -> Vec<&'static str> {
    let lookup = Lookup::new(books);
    ALL.iter().filter(|i| (i.check)(&lookup).verdict == Judgement::Violated).map(|i| i.name).collect()
}

/// A planted defect: its name, what it leaves in otherwise clean books, and who must find it.
type Row = (&'static str, fn() -> Books, &'static [&'static str]);

const TABLE: [Row; 19] = [
    ("double_post_on_retry", posted_again, &["idempotent_effect", "no_lost_success", "no_phantom"]),
    ("callback_twice", posted_again, &["idempotent_effect", "no_lost_success"]),
    ("event_consumed_twice", posted_again, &["idempotent_effect"]),
    ("lost_post_after_timeout", lost_post_after_timeout, &["no_lost_success", "unknown_resolves"]),
    ("idempotency_ignored", idempotency_ignored, &["idempotent_effect", "paid_once"]),
    ("same_key_other_amount", same_key_other_amount, &["idempotent_effect", "amount_chain"]),
    ("over_refund_race", over_refund_race, &["refund_bound"]),
    ("forced_failed", forced_failed, &["unknown_resolves", "absorbing_terminals"]),
    ("late_callback_lost", late_callback_lost, &["absorbing_terminals"]),
    ("overdraw_race", overdraw_race, &["available"]),
    ("unit_mix_up", unit_mix_up, &["amount_chain"]),
    ("callback_amount_trusted", callback_amount_trusted, &["amount_chain"]),
    ("wrong_payee", wrong_payee, &["no_lost_success", "amount_chain"]),
    ("fallback_posts", fallback_posts, &["no_phantom"]),
    ("balance_drift", balance_drift, &["balance_is_fold"]),
    ("state_backward", state_backward, &["absorbing_terminals"]),
    ("notify_before_commit", notify_before_commit, &["notified"]),
    ("notify_lost", notify_lost, &["notified"]),
    ("mark_dropped", mark_dropped, &["isolation"]),
];

#[test]
fn every_planted_defect_is_found_by_the_invariants_named_for_it() {
    for (name, books, expected) in TABLE {
        let violated = violated(&books());
        for invariant in expected {
            assert!(violated.contains(invariant), "{name}: {invariant} is not among {violated:?}");
        }
    }
}

#[test]
fn clean_books_hold_everywhere_and_everything_was_examined() {
    let books = clean();
    let lookup = Lookup::new(&books);
    for invariant in &ALL {
        let report = (invariant.check)(&lookup);
        assert_eq!(report.verdict, Judgement::Held, "{}: {:?}", invariant.name, report.first);
        assert!(report.checked > 0, "{}", invariant.name);
    }
}

#[test]
fn no_evidence_at_all_is_undecided_everywhere() {
    let mut books = clean();
    (books.platform, books.channels) = (None, None);
    let lookup = Lookup::new(&books);
    for invariant in &ALL {
        assert_eq!((invariant.check)(&lookup).verdict.word(), "undecided", "{}", invariant.name);
    }
}

#[test]
fn names_and_numbers_are_unique_and_in_order() {
    assert!(ALL.windows(2).all(|w| w[0].number < w[1].number && w[0].name != w[1].name));
    assert!(super::by_name("conservation").is_some_and(|i| i.number == 2));
}

/// A run with some of everything that is right, to which a defect is added.
fn sample() -> Sample {
    let mut sample = Sample::new();
    let paid = sample.pay("card", 1_000);
    sample.pay("balance", 500);
    sample.pay_declined(300);
    sample.pay_unknown_not_executed(200);
    sample.refund(&paid, 400);
    sample
}

fn posted_again() -> Books {
    let mut s = sample();
    let id = s.pay("wallet", 700);
    s.post("again", &id, "channel:bank_north", &format!("merchant:{MERCHANT}"), 700);
    s.books()
}

fn lost_post_after_timeout() -> Books {
    let mut s = sample();
    let id = s.pay_unknown_executed(700);
    without_postings(s.books(), &id)
}

fn idempotency_ignored() -> Books {
    let mut s = sample();
    let id = s.pay("card", 700);
    s.paid(id.strip_suffix(".p1").unwrap(), 2, "card", 700);
    s.books()
}

fn same_key_other_amount() -> Books {
    let mut s = sample();
    let id = s.pay_other_amount(700, 837);
    s.paid(id.strip_suffix(".p1").unwrap(), 2, "card", 837);
    let mut books = s.books();
    let second = books.intents.views.last_mut().unwrap();
    second.outcome = ClientOutcome::Ok;
    books
}

fn over_refund_race() -> Books {
    let mut s = sample();
    let id = s.pay("card", 700);
    s.refund(&id, 420);
    let second = s.refund(&id, 420);
    let mut books = s.books();
    // The bank refuses the excess; the platform trusts its own check.
    books
        .channels_mut()
        .records
        .retain(|r| r.refund_no.as_deref() != Some(second.as_str()) || r.kind == RecordKind::Call);
    books.channels_mut().records.last_mut().unwrap().status = "13".to_owned();
    books
}

fn forced_failed() -> Books {
    let mut s = sample();
    let id = s.pay_unknown_executed(700);
    failed(without_postings(s.books(), &id), &id)
}

fn late_callback_lost() -> Books {
    let mut s = sample();
    let id = s.pay("wallet", 700);
    failed(without_postings(s.books(), &id), &id)
}

fn overdraw_race() -> Books {
    let mut s = sample();
    s.pay("balance", 6_000);
    s.pay("balance", 6_000);
    s.books()
}

fn unit_mix_up() -> Books {
    let mut s = sample();
    let id = s.pay("wallet", 700);
    let mut books = s.books();
    books.payment_mut(&id).channel_amount = Some(7);
    books.channels_mut().records.iter_mut().filter(|r| r.order_no == id).for_each(|r| r.amount = 7);
    books
}

fn callback_amount_trusted() -> Books {
    let mut s = sample();
    let id = s.pay("wallet", 700);
    let mut books = s.books();
    books.platform_mut().postings.iter_mut().filter(|p| p.subject == id).for_each(|p| p.amount = 900);
    books
}

fn wrong_payee() -> Books {
    let mut s = sample();
    s.pay("card", 700);
    let mut books = s.books();
    books.platform_mut().postings.last_mut().unwrap().account = "merchant:9920000000000025".to_owned();
    books
}

fn fallback_posts() -> Books {
    let mut s = sample();
    let id = s.pay("card", 700);
    let mut books = s.books();
    books.channels_mut().records.retain(|r| r.order_no != id);
    books
}

fn balance_drift() -> Books {
    let mut books = sample().books();
    books.platform_mut().balances[1].balance += 3;
    books
}

fn state_backward() -> Books {
    let mut s = sample();
    let id = s.pay("card", 700);
    s.states(&id, &["CLOSED"]);
    s.books()
}

fn notify_before_commit() -> Books {
    let mut s = sample();
    s.pay("card", 700);
    let mut books = s.books();
    books.intents.notices.last_mut().unwrap().at_ns -= 30_000_000;
    books
}

fn notify_lost() -> Books {
    let mut s = sample();
    s.pay("card", 700);
    let mut books = s.books();
    books.intents.notices.pop();
    books
}

fn mark_dropped() -> Books {
    let mut s = sample();
    s.bank(&format!("{RUN}-0000001p.p1"), None, RecordKind::Call, "query", 0, "A1");
    let mut books = s.books();
    books.channels_mut().records.last_mut().unwrap().mark = None;
    books
}

fn without_postings(mut books: Books, id: &str) -> Books {
    books.platform_mut().postings.retain(|p| p.subject != id);
    let net = |account: &str, b: &Books| -> i64 {
        let of = b.platform.iter().flat_map(|p| &p.postings).filter(|p| p.account == account);
        of.map(crate::ledger::PostingRow::delta).sum()
    };
    for n in 0..books.platform_mut().balances.len() {
        let account = books.platform_mut().balances[n].account.clone();
        books.platform_mut().balances[n].balance = net(&account, &books);
    }
    books
}

fn failed(mut books: Books, id: &str) -> Books {
    books.payment_mut(id).status = "FAILED".to_owned();
    books.platform_mut().states.iter_mut().rfind(|s| s.subject == id).unwrap().state = "FAILED".to_owned();
    books.intents.notices.iter_mut().filter(|n| n.subject == id).for_each(|n| n.status = "FAILED".to_owned());
    books.intents.views.iter_mut().rfind(|v| id.starts_with(&v.intent.key)).unwrap().outcome = ClientOutcome::Declined;
    books
}
