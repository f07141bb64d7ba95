//! Small books for tests: a correct chain and bank acted out by hand, row by row, so that each test can then
//! spoil exactly one thing. Written from `chain/README.md` and `mocks/README.md`, not from the checkers.

use std::collections::BTreeMap;

use super::{
    BalanceRow, Books, ChannelBook, ChannelRecord, ClientOutcome, ClientView, Intent, IntentBook, IntentKind, Notice,
    NotificationRow, PaymentRow, PlatformBook, PostingRow, Probe, RecordKind, RefundRow, Side, StateRow,
};
use crate::id::RunId;

/// The run all samples are of.
pub(crate) const RUN: &str = "r0abc";
/// When it started, Unix microseconds.
pub(crate) const START_US: i64 = 1_763_600_000_000_000;
/// The merchant of every sample.
pub(crate) const MERCHANT: &str = "9920000000000017";
const PAYER: &str = "9910000000000018";

/// Books in the making. Every action takes 10 ms or more, one after the other.
pub(crate) struct Sample {
    now_us: i64,
    journey: u64,
    intents: IntentBook,
    platform: PlatformBook,
    channels: ChannelBook,
    balances: BTreeMap<String, i64>,
}

impl Sample {
    /// A run with one payer and one merchant, both with money.
    pub(crate) fn new() -> Self {
        let mut sample = Self {
            now_us: START_US - 1_000_000,
            journey: 0,
            intents: IntentBook::default(),
            platform: PlatformBook::default(),
            channels: ChannelBook::default(),
            balances: BTreeMap::new(),
        };
        for (account, amount) in [(format!("payer:{PAYER}"), 10_000), (format!("merchant:{MERCHANT}"), 1_000_000)] {
            let subject = format!("opening:{account}");
            sample.post(&subject, &subject, "world:funding", &account, amount);
        }
        sample.now_us = START_US;
        sample
    }

    /// The books at quiescence, with balances and the platform's own list of notifications.
    pub(crate) fn books(mut self) -> Books {
        for (account, balance) in &self.balances {
            let kind = account.split(':').next().unwrap_or("").to_owned();
            let run = matches!(kind.as_str(), "payer" | "merchant").then(|| RUN.to_owned());
            let row =
                BalanceRow { account: account.clone(), kind, currency: cny(), opening: 0, balance: *balance, run };
            self.platform.balances.push(row);
        }
        Books {
            run: RunId::parse(RUN).unwrap(),
            intents: self.intents,
            platform: Some(self.platform),
            channels: Some(self.channels),
            is_quiescent: true,
            is_history_complete: true,
            started_unix_us: START_US,
        }
    }

    /// A payment that goes well. Gives its payment id.
    pub(crate) fn pay(&mut self, method: &str, amount: i64) -> String {
        let key = self.next_key();
        self.intend(IntentKind::Pay, &key, amount, method, ClientOutcome::Ok);
        self.paid(&key, 1, method, amount)
    }

    /// A payment whose bank call went unanswered though it was executed; an inquiry resolves it.
    pub(crate) fn pay_unknown_executed(&mut self, amount: i64) -> String {
        let key = self.next_key();
        let id = format!("{key}.p1");
        self.intend(IntentKind::Pay, &key, amount, "card", ClientOutcome::Ok);
        self.states(&id, &["CREATED", "ROUTED", "SUBMITTED"]);
        self.bank(&id, None, RecordKind::Effect, "pay", amount, "SUCCESS");
        self.bank(&id, None, RecordKind::Call, "pay", amount, "hung");
        self.states(&id, &["UNKNOWN"]);
        self.bank(&id, None, RecordKind::Call, "query", 0, "00");
        self.post(&id, &id, "channel:bank_north", &merchant(), amount);
        self.states(&id, &["SUCCEEDED"]);
        self.payment_row(&id, &key, "card", amount, "SUCCEEDED");
        self.notify(&id, &key, "SUCCEEDED", amount);
        id
    }

    /// A payment whose bank call was reset before it took effect; closed at the bank, then failed.
    pub(crate) fn pay_unknown_not_executed(&mut self, amount: i64) -> String {
        let key = self.next_key();
        let id = format!("{key}.p1");
        self.intend(IntentKind::Pay, &key, amount, "card", ClientOutcome::Declined);
        self.states(&id, &["CREATED", "ROUTED", "SUBMITTED"]);
        self.bank(&id, None, RecordKind::Call, "pay", amount, "reset");
        self.states(&id, &["UNKNOWN"]);
        for _ in 0..3 {
            self.bank(&id, None, RecordKind::Call, "query", 0, "25");
        }
        self.bank(&id, None, RecordKind::Effect, "close", 0, "CLOSED");
        self.bank(&id, None, RecordKind::Call, "close", 0, "06");
        self.states(&id, &["FAILED"]);
        self.payment_row(&id, &key, "card", amount, "FAILED");
        self.notify(&id, &key, "FAILED", amount);
        id
    }

    /// A payment the bank declines.
    pub(crate) fn pay_declined(&mut self, amount: i64) -> String {
        let key = self.next_key();
        let id = format!("{key}.p1");
        self.intend(IntentKind::Pay, &key, amount, "card", ClientOutcome::Declined);
        self.states(&id, &["CREATED", "ROUTED", "SUBMITTED"]);
        self.bank(&id, None, RecordKind::Effect, "pay", amount, "FAIL");
        self.bank(&id, None, RecordKind::Call, "pay", amount, "51");
        self.states(&id, &["FAILED"]);
        self.payment_row(&id, &key, "card", amount, "FAILED");
        self.notify(&id, &key, "FAILED", amount);
        id
    }

    /// A payment from a balance that is too small: refused before anything moved.
    pub(crate) fn pay_insufficient(&mut self, amount: i64) -> String {
        let key = self.next_key();
        let id = format!("{key}.p1");
        self.intend(IntentKind::Pay, &key, amount, "balance", ClientOutcome::Declined);
        self.states(&id, &["CREATED", "FAILED"]);
        self.payment_row(&id, &key, "balance", amount, "FAILED");
        self.notify(&id, &key, "FAILED", amount);
        id
    }

    /// A wallet payment that goes well, with its callback delivered twice.
    pub(crate) fn pay_with_duplicate_callback(&mut self, amount: i64) -> String {
        let id = self.pay("wallet", amount);
        for attempt in 1..=2 {
            self.bank(&id, None, RecordKind::Callback, "pay", amount, "SUCCESS");
            let last = self.channels.records.last_mut().unwrap();
            (last.attempt, last.acknowledged) = (attempt, true);
        }
        id
    }

    /// The same key at the same moment with two amounts: the first wins, the second is refused.
    pub(crate) fn pay_other_amount(&mut self, amount: i64, other: i64) -> String {
        let key = self.next_key();
        self.intend(IntentKind::Pay, &key, amount, "card", ClientOutcome::Ok);
        self.intend(IntentKind::Pay, &key, other, "card", ClientOutcome::Declined);
        self.intents.views.last_mut().unwrap().intent.probe = Probe::OtherAmount;
        self.intents.views.last_mut().unwrap().target_ids.clear();
        self.paid(&key, 1, "card", amount)
    }

    /// An intent that never left us.
    pub(crate) fn pay_dropped(&mut self, amount: i64) {
        let key = self.next_key();
        self.intend(IntentKind::Pay, &key, amount, "card", ClientOutcome::NotSent);
    }

    /// A payment that goes well, but no answer reached our client: it does not even know the payment's id.
    pub(crate) fn pay_unheard(&mut self, amount: i64) -> String {
        let id = self.pay("card", amount);
        let view = self.intents.views.last_mut().unwrap();
        view.outcome = ClientOutcome::Unknown;
        view.target_ids.clear();
        id
    }

    /// A refund that goes well. Gives its refund id.
    pub(crate) fn refund(&mut self, payment_id: &str, amount: i64) -> String {
        let payment = self.payment(payment_id).clone();
        let key = format!("{}r{}", payment.key.trim_end_matches('p'), self.platform.refunds.len() + 1);
        let id = format!("{key}.r1");
        self.intend(IntentKind::Refund, &key, amount, &payment.method, ClientOutcome::Ok);
        self.intents.views.last_mut().unwrap().intent.original_key = Some(payment.key.clone());
        self.states(&id, &["CREATED", "SUBMITTED"]);
        let other_side = match &payment.channel {
            Some(channel) => {
                self.bank(payment_id, Some(&id), RecordKind::Effect, "refund", amount, "SUCCESS");
                self.bank(payment_id, Some(&id), RecordKind::Call, "refund", amount, "00");
                format!("channel:{channel}")
            }
            None => format!("payer:{PAYER}"),
        };
        self.post(&id, &id, &merchant(), &other_side, amount);
        self.states(&id, &["SUCCEEDED"]);
        self.platform.refunds.push(RefundRow {
            refund_id: id.clone(),
            key: key.clone(),
            payment_id: payment_id.to_owned(),
            merchant: MERCHANT.to_owned(),
            amount,
            currency: cny(),
            channel: payment.channel,
            channel_txn: Some(format!("t-{id}")),
            status: "SUCCEEDED".to_owned(),
            version: 3,
            mark: Some(RUN.to_owned()),
            created_us: self.now_us,
            updated_us: self.now_us,
        });
        self.notify(&id, &key, "SUCCEEDED", amount);
        id
    }

    /// A refund request that was refused by 409: our intent, and nothing in any other book.
    pub(crate) fn refund_refused(&mut self, amount: i64) {
        let key = self.next_key();
        self.intend(IntentKind::Refund, &key, amount, "card", ClientOutcome::Declined);
        self.intents.views.last_mut().unwrap().target_ids.clear();
    }

    /// A payment of an earlier run, left in a target that outlives runs.
    pub(crate) fn pay_in_an_earlier_run(&mut self, amount: i64) {
        let (key, old) = ("r0old-0000000p", Some("r0old".to_owned()));
        let id = format!("{key}.p1");
        self.paid(key, 1, "card", amount);
        let p = &mut self.platform;
        p.payments.iter_mut().filter(|r| r.payment_id == id).for_each(|r| r.mark.clone_from(&old));
        p.states.iter_mut().filter(|r| r.subject == id).for_each(|r| r.mark.clone_from(&old));
        p.postings.iter_mut().filter(|r| r.subject == id).for_each(|r| r.mark.clone_from(&old));
        p.notifications.iter_mut().filter(|r| r.subject == id).for_each(|r| r.mark.clone_from(&old));
        self.channels.records.iter_mut().filter(|r| r.order_no == id).for_each(|r| r.mark.clone_from(&old));
        self.intents.notices.retain(|n| n.subject != id);
    }

    /// The rows of a successful payment `<key>.p<n>`, without an intent.
    pub(crate) fn paid(&mut self, key: &str, n: u32, method: &str, amount: i64) -> String {
        let id = format!("{key}.p{n}");
        if method == "balance" {
            self.states(&id, &["CREATED", "ROUTED", "SUBMITTED"]);
            self.post(&id, &id, &format!("payer:{PAYER}"), &merchant(), amount);
        } else {
            self.states(&id, &["CREATED", "ROUTED", "SUBMITTED"]);
            self.bank(&id, None, RecordKind::Effect, "pay", amount, "SUCCESS");
            self.bank(&id, None, RecordKind::Call, "pay", amount, "00");
            self.post(&id, &id, "channel:bank_north", &merchant(), amount);
        }
        self.states(&id, &["SUCCEEDED"]);
        self.payment_row(&id, key, method, amount, "SUCCEEDED");
        self.notify(&id, key, "SUCCEEDED", amount);
        id
    }

    /// An entry of two postings.
    pub(crate) fn post(&mut self, entry: &str, subject: &str, debit: &str, credit: &str, amount: i64) {
        self.tick();
        for (account, side, delta) in [(debit, Side::Debit, -amount), (credit, Side::Credit, amount)] {
            let balance = self.balances.entry(account.to_owned()).or_default();
            *balance += delta;
            let balance_after = *balance;
            self.platform.postings.push(PostingRow {
                seq: i64::try_from(self.platform.postings.len()).unwrap() + 1,
                entry_id: entry.to_owned(),
                subject: subject.to_owned(),
                account: account.to_owned(),
                side,
                amount,
                currency: cny(),
                balance_after,
                mark: Some(RUN.to_owned()),
                at_us: self.now_us,
            });
        }
    }

    /// States one after the other, continuing the subject's versions.
    pub(crate) fn states(&mut self, subject: &str, states: &[&str]) {
        for state in states {
            self.tick();
            let before = self.platform.states.iter().filter(|s| s.subject == subject).count();
            self.platform.states.push(StateRow {
                seq: i64::try_from(self.platform.states.len()).unwrap() + 1,
                subject: subject.to_owned(),
                version: i64::try_from(before).unwrap() + 1,
                state: (*state).to_owned(),
                cause: "sample".to_owned(),
                mark: Some(RUN.to_owned()),
                at_us: self.now_us,
            });
        }
    }

    /// A journal record of `bank_north`.
    pub(crate) fn bank(
        &mut self,
        order_no: &str,
        refund_no: Option<&str>,
        kind: RecordKind,
        operation: &str,
        amount: i64,
        status: &str,
    ) {
        self.tick();
        self.channels.records.push(ChannelRecord {
            seq: u64::try_from(self.channels.records.len()).unwrap() + 1,
            channel: "bank_north".to_owned(),
            kind,
            operation: operation.to_owned(),
            order_no: order_no.to_owned(),
            refund_no: refund_no.map(str::to_owned),
            txn: (kind != RecordKind::Call).then(|| format!("t-{}", refund_no.unwrap_or(order_no))),
            amount,
            currency: cny(),
            fee: 0,
            status: status.to_owned(),
            mark: Some(RUN.to_owned()),
            attempt: 0,
            acknowledged: false,
            at_us: self.now_us,
            notify_url: None,
        });
    }

    /// A notice that the platform sent and we received.
    pub(crate) fn notify(&mut self, subject: &str, key: &str, status: &str, amount: i64) {
        self.tick();
        self.platform.notifications.push(NotificationRow {
            seq: i64::try_from(self.platform.notifications.len()).unwrap() + 1,
            subject: subject.to_owned(),
            merchant: MERCHANT.to_owned(),
            status: status.to_owned(),
            amount,
            currency: cny(),
            attempts: 1,
            acknowledged: true,
            mark: Some(RUN.to_owned()),
            first_us: self.now_us,
            last_us: self.now_us,
        });
        self.intents.notices.push(Notice {
            subject: subject.to_owned(),
            key: key.to_owned(),
            status: status.to_owned(),
            amount,
            currency: cny(),
            merchant: MERCHANT.to_owned(),
            is_signed: true,
            mark: Some(RUN.to_owned()),
            at_ns: u64::try_from(self.now_us - START_US).unwrap() * 1_000,
        });
    }

    fn intend(&mut self, kind: IntentKind, key: &str, amount: i64, method: &str, outcome: ClientOutcome) {
        self.tick();
        let (from, to) = match kind {
            IntentKind::Pay => (PAYER, MERCHANT),
            IntentKind::Refund => (MERCHANT, PAYER),
        };
        let (letter, is_sent) = (if kind == IntentKind::Pay { 'p' } else { 'r' }, outcome != ClientOutcome::NotSent);
        self.intents.views.push(ClientView {
            intent: Intent {
                id: format!("{:07}.{}", self.journey, self.intents.views.len()),
                journey: self.journey,
                kind,
                key: key.to_owned(),
                original_key: None,
                amount,
                currency: cny(),
                from: from.to_owned(),
                to: to.to_owned(),
                method: method.to_owned(),
                probe: Probe::None,
                due_ns: u64::try_from(self.now_us - START_US).unwrap() * 1_000,
            },
            outcome,
            attempts: u32::from(is_sent),
            target_ids: is_sent.then(|| format!("{key}.{letter}1")).into_iter().collect(),
        });
    }

    fn payment_row(&mut self, id: &str, key: &str, method: &str, amount: i64, status: &str) {
        let version = self.platform.states.iter().filter(|s| s.subject == id).count();
        let at_bank = method != "balance";
        self.platform.payments.push(PaymentRow {
            payment_id: id.to_owned(),
            key: key.to_owned(),
            merchant: MERCHANT.to_owned(),
            payer: PAYER.to_owned(),
            payee: MERCHANT.to_owned(),
            amount,
            currency: cny(),
            method: method.to_owned(),
            channel: at_bank.then(|| "bank_north".to_owned()),
            channel_amount: at_bank.then_some(amount),
            channel_txn: at_bank.then(|| format!("t-{id}")),
            status: status.to_owned(),
            version: i64::try_from(version).unwrap(),
            mark: Some(RUN.to_owned()),
            created_us: self.now_us,
            updated_us: self.now_us,
        });
    }

    fn payment(&self, id: &str) -> &PaymentRow {
        self.platform.payments.iter().find(|p| p.payment_id == id).unwrap()
    }

    fn next_key(&mut self) -> String {
        self.journey += 1;
        RunId::parse(RUN).unwrap().order_no(self.journey, "p")
    }

    fn tick(&mut self) {
        self.now_us += 10_000;
    }
}

/// The parts of the books that tests spoil, by short names.
impl Books {
    pub(crate) fn platform_mut(&mut self) -> &mut PlatformBook {
        self.platform.as_mut().unwrap()
    }

    pub(crate) fn channels_mut(&mut self) -> &mut ChannelBook {
        self.channels.as_mut().unwrap()
    }

    pub(crate) fn payment_mut(&mut self, id: &str) -> &mut PaymentRow {
        self.platform_mut().payments.iter_mut().find(|p| p.payment_id == id).unwrap()
    }
}

/// Clean books with every legitimate situation in them.
pub(crate) fn clean() -> Books {
    let mut sample = Sample::new();
    sample.pay_in_an_earlier_run(900);
    let paid = sample.pay("card", 10_000);
    let from_balance = sample.pay("balance", 2_500);
    let unknown = sample.pay_unknown_executed(700);
    sample.pay_unknown_not_executed(800);
    sample.pay_declined(900);
    sample.pay_insufficient(99_000);
    sample.pay_with_duplicate_callback(1_100);
    sample.pay_other_amount(1_200, 1_337);
    sample.pay_dropped(1_300);
    sample.pay_unheard(1_400);
    sample.refund(&paid, 6_000);
    sample.refund_refused(6_000);
    sample.refund(&from_balance, 2_500);
    sample.refund(&unknown, 100);
    sample.books()
}

fn merchant() -> String {
    format!("merchant:{MERCHANT}")
}

fn cny() -> String {
    "CNY".to_owned()
}
