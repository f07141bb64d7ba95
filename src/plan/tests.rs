//! Plans of small scenarios: what is decided, that it is decided once, and what cannot be planned.

use serde_json::{Value, json};

use super::*;
use crate::ledger::{Intent, IntentKind, Probe};
use crate::shape::MethodShape;

fn step(name: &str, intent: &Value) -> Value {
    json!({ "name": name, "post": "/v1/payments", "intent": intent })
}

fn pay_intent() -> Value {
    json!({ "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" })
}

fn refund_intent(tag: &str, amount: &str, probe: &str) -> Value {
    json!({ "kind": "refund", "key": format!("{{{{no.{tag}}}}}"), "original": "{{order_no}}", "amount": amount,
            "from": "{{merchant.id}}", "to": "{{payer.id}}", "probe": probe })
}

/// Two seconds of pay at 500/s and, at a tenth of the weight, refunds in conflict with one another.
fn scenario_json() -> Value {
    json!({
        "name": "small",
        "target": { "embedded": "chain" },
        "accounts": {
            "payers": { "kind": "payer", "count": 50, "balance": "CNY 500.00", "skew": { "zipf": 1.0 } },
            "tight": { "kind": "payer", "count": 7, "balance": "CNY 1.00", "skew": "in_turn" },
            "merchants": { "kind": "merchant", "count": 5, "balance": "CNY 0.00" },
        },
        "load": { "model": "open", "arrivals": "poisson", "stages": [{ "hold": "500/s", "for": "2s" }] },
        "journeys": {
            "pay": { "weight": 10, "steps": [step("pay", &pay_intent())] },
            "race": {
                "weight": 1, "payer": "tight", "methods": ["balance"], "amount": "CNY 0.80",
                "let": { "most": { "of": "amount", "percent": 60 }, "other": { "of": "payer.balance", "plus": 1 } },
                "steps": [
                    step("pay", &pay_intent()),
                    { "pause": "10ms" },
                    { "parallel": [
                        step("back", &refund_intent("r1", "{{most}}", "same_money")),
                        step("again", &json!({ "same_as": "back" })),
                        step("pay_again", &json!({ "same_as": "pay" })),
                        step("back2", &refund_intent("r2", "{{most}}", "same_money")),
                    ] },
                    step("twist", &json!({ "kind": "pay", "key": "{{order_no}}", "amount": "{{other}}",
                        "from": "{{payer.id}}", "to": "{{merchant.id}}", "probe": "other_amount" })),
                ],
            },
        },
    })
}

fn shape() -> Shape {
    let method = |weight, low, high| MethodShape { weight, amounts: vec![(0.0, low), (1.0, high)] };
    Shape {
        methods: [
            ("balance".to_owned(), method(1.0, 100.0, 200.0)),
            ("card".to_owned(), method(3.0, 1_000.0, 2_000.0)),
        ]
        .into(),
        ..Shape::default()
    }
}

fn inputs<'a>(scenario: &'a Scenario, shape: &'a Shape, seed: u64) -> PlanInputs<'a> {
    PlanInputs {
        scenario,
        scenario_sha256: "00".into(),
        shape: Some(shape),
        trace: None,
        data: &[],
        seed: Seed(seed),
        overrides: Overrides::default(),
    }
}

fn scenario(json: Value) -> Scenario {
    serde_json::from_value(json).expect("a scenario")
}

fn plan(json: Value, seed: u64) -> Plan {
    Plan::new(inputs(&scenario(json), &shape(), seed)).expect("plannable")
}

fn run() -> RunId {
    RunId::parse("r0abc").expect("valid")
}

#[test]
fn the_same_seed_gives_the_same_plan_every_time() {
    let (a, b, other) = (plan(scenario_json(), 1), plan(scenario_json(), 1), plan(scenario_json(), 2));
    assert!(a.journeys(&run()).eq(b.journeys(&run())));
    assert!(a.journeys(&run()).eq(a.journeys(&run())), "asking again gives the same");
    assert_eq!(a.digest(), b.digest());
    assert_ne!(a.digest(), other.digest());
}

#[test]
fn the_digest_does_not_know_the_run_but_order_numbers_do() {
    let plan = plan(scenario_json(), 1);
    let before = plan.digest();
    let other = RunId::parse("r9xyz").expect("valid");
    let key = |run: &RunId| plan.journeys(run).next().expect("a journey").intents[0].key.clone();
    assert_eq!((key(&run()).as_str(), key(&other).as_str()), ("r0abc-0000000p", "r9xyz-0000000p"));
    assert_eq!(plan.digest(), before);
}

#[test]
fn one_more_kind_of_chance_moves_nothing_else() {
    // With another skew of payers everything but the payers stays as it was.
    let mut changed = scenario_json();
    changed["accounts"]["payers"]["skew"] = json!("uniform");
    let (a, b) = (plan(scenario_json(), 1), plan(changed, 1));
    let decided = |p: &Plan| -> Vec<_> {
        p.journeys(&run()).map(|j| (j.due, j.kind, j.amount, j.method, j.merchant.id.clone())).collect()
    };
    assert_eq!(decided(&a), decided(&b));
    assert_ne!(a.digest(), b.digest());
}

#[test]
fn shares_follow_weights_and_methods_bring_their_own_amounts() {
    let mut json = scenario_json();
    json["load"]["stages"][0]["for"] = json!("40s");
    let plan = plan(json, 3);
    let journeys: Vec<PlannedJourney> = plan.journeys(&run()).collect();
    let n = journeys.len() as f64;
    let share = |of: &dyn Fn(&&PlannedJourney) -> bool| journeys.iter().filter(of).count() as f64 / n;
    // Five standard errors at 20,000 journeys: 0.0102 for the race's 1/11, 0.0160 for three quarters.
    assert!((share(&|j| j.kind == 1) - 1.0 / 11.0).abs() < 0.0102);
    assert!((share(&|j| j.kind == 0 && j.method.as_ref() == "card") - 0.75 * 10.0 / 11.0).abs() < 0.0165);
    for j in &journeys {
        let range = match (j.kind, j.method.as_ref()) {
            (1, "balance") => 80..=80,
            (0, "balance") => 100..=200,
            (0, "card") => 1_000..=2_000,
            other => panic!("{other:?} is not possible"),
        };
        assert!(range.contains(&j.amount), "{} by {}", j.amount, j.method);
    }
    let summary = plan.summary();
    assert_eq!(summary.n_journeys, journeys.len() as u64);
    assert_eq!(summary.amounts["CNY"], journeys.iter().map(|j| j.amount).sum::<i64>());
    assert_eq!(summary.rate, [(0.0, 500.0), (40.0, 500.0)]);
    assert_eq!(summary.n_accounts["tight"], 7);
}

#[test]
fn accounts_are_leased_by_their_skew() {
    let mut json = scenario_json();
    json["load"]["stages"][0]["for"] = json!("40s");
    let plan = plan(json, 3);
    let mut by_payer = std::collections::BTreeMap::new();
    let mut in_turn = Vec::new();
    for j in plan.journeys(&run()) {
        if j.kind == 0 {
            *by_payer.entry(j.payer.id.clone()).or_insert(0_u64) += 1;
        } else {
            in_turn.push(j.payer.id.clone());
        }
    }
    let mut counts: Vec<u64> = by_payer.values().copied().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    // The hottest of 50 with exponent 1 has 1/4.499 of all: the 50th harmonic number.
    let share = counts[0] as f64 / counts.iter().sum::<u64>() as f64;
    assert!((share - 1.0 / 4.499).abs() < 0.016, "{share}");
    for (i, id) in in_turn.iter().enumerate().skip(7) {
        assert_eq!(id, &in_turn[i - 7]);
    }
    assert_eq!(in_turn[..7].iter().collect::<std::collections::BTreeSet<_>>().len(), 7);
}

#[test]
fn intents_are_written_out_for_every_kind_of_conflict() {
    let plan = plan(scenario_json(), 1);
    let race = plan.journeys(&run()).find(|j| j.kind == 1).expect("one in eleven");
    let n = race.number;
    let (payer, merchant) = (race.payer.id.to_string(), race.merchant.id.to_string());
    let intent = |idx: usize, kind, key: &str, amount, probe| Intent {
        id: format!("{n:07}.{idx}"),
        journey: n,
        kind,
        key: format!("r0abc-{n:07}{key}"),
        original_key: (kind == IntentKind::Refund).then(|| format!("r0abc-{n:07}p")),
        amount,
        currency: "CNY".into(),
        from: if kind == IntentKind::Pay { payer.clone() } else { merchant.clone() },
        to: if kind == IntentKind::Pay { merchant.clone() } else { payer.clone() },
        method: "balance".into(),
        probe,
        due_ns: race.due.as_nanos(),
    };
    assert_eq!(
        race.intents,
        [
            // Repeated by the step `pay_again`.
            intent(0, IntentKind::Pay, "p", 80, Probe::SameKey),
            // Repeated by the step `again`, but its conflict over money weighs more.
            intent(1, IntentKind::Refund, "r1", 48, Probe::SameMoney),
            intent(2, IntentKind::Refund, "r2", 48, Probe::SameMoney),
            intent(3, IntentKind::Pay, "p", 101, Probe::OtherAmount),
        ]
    );
    // Steps counted through: pay, pause, back, again, pay_again, back2, twist.
    let by_step: Vec<Option<usize>> = (0..8).map(|step| plan.intent_index(1, step)).collect();
    assert_eq!(by_step, [Some(0), None, Some(1), Some(1), Some(0), Some(2), Some(3), None]);
}

#[test]
fn variables_of_the_plan_have_values_and_others_have_none() {
    let plan = plan(scenario_json(), 1);
    let race = plan.journeys(&run()).find(|j| j.kind == 1).expect("one in eleven");
    let value = |name| race.lookup(name).map(std::borrow::Cow::into_owned);
    assert_eq!(value("amount").as_deref(), Some("80"));
    assert_eq!(value("most").as_deref(), Some("48"));
    assert_eq!(value("payer.balance").as_deref(), Some("100"));
    assert_eq!(value("no.r7"), Some(format!("r0abc-{:07}r7", race.number)));
    assert_eq!((value("payment"), value("merchant.secret")), (None, None));
    assert!(race.is_number("most") && race.is_number("amount") && !race.is_number("payer.id"));
}

#[test]
fn overrides_change_rate_and_length_in_proportion() {
    let mut json = scenario_json();
    json["load"]["arrivals"] = json!("constant");
    json["load"]["stages"] = json!([{ "ramp": "0..100/s", "for": "10s" }, { "hold": "100/s", "for": "30s" }]);
    let scenario = scenario(json);
    let shape = shape();
    let n = |overrides| {
        let plan = Plan::new(PlanInputs { overrides, ..inputs(&scenario, &shape, 1) }).expect("plannable");
        (plan.n_journeys(), plan.duration().as_secs_f64())
    };
    assert_eq!(n(Overrides::default()), (3_500, 40.0));
    assert_eq!(n(Overrides { hold: Some(100.0), ..Overrides::default() }), (4_000, 40.0));
    assert_eq!(n(Overrides { rate: Some(175.0), ..Overrides::default() }), (7_000, 40.0));
    assert_eq!(n(Overrides { rate_factor: Some(0.5), ..Overrides::default() }), (1_750, 40.0));
    assert_eq!(n(Overrides { duration: Some(Span::from_secs(4)), ..Overrides::default() }), (350, 4.0));
}

#[test]
fn streams_on_top_and_spikes_are_changed_with_the_load() {
    let mut json = scenario_json();
    // 1,000 journeys, and from the fifth second on 100 + 300 of a spike.
    json["load"] = json!({
        "model": "open", "arrivals": "constant", "stages": [{ "hold": "100/s", "for": "10s" }],
        "also": { "top": { "after": "5s", "arrivals": "constant", "stages": [
            { "spike": { "peak": "50/s", "rise": "4s", "stay": "2s" }, "for": "10s" },
        ] } },
    });
    let scenario = scenario(json);
    let shape = shape();
    let plan = |overrides| Plan::new(PlanInputs { overrides, ..inputs(&scenario, &shape, 1) }).expect("plannable");
    let n = |overrides| {
        let plan = plan(overrides);
        (plan.n_journeys(), plan.duration().as_secs_f64())
    };
    assert_eq!(n(Overrides::default()), (1_400, 15.0));
    assert_eq!(n(Overrides { rate: Some(280.0 / 3.0), ..Overrides::default() }), (1_400, 15.0));
    assert_eq!(n(Overrides { rate_factor: Some(0.5), ..Overrides::default() }), (700, 15.0));
    assert_eq!(n(Overrides { duration: Some(Span::from_secs(30)), ..Overrides::default() }), (2_800, 30.0));
    // Each stream holds its share: 10 and 4 of 14.
    assert_eq!(n(Overrides { hold: Some(140.0), ..Overrides::default() }), (2_100, 15.0));
    let rate = |overrides, secs: u64| {
        plan(overrides).curve().expect("an open load").rate_at(crate::time::RunOffset::from_nanos(secs * 1_000_000_000))
    };
    for (secs, usual) in [(4, 100.0), (7, 125.0), (9, 150.0), (12, 50.0)] {
        assert!((rate(Overrides::default(), secs) - usual).abs() < 1e-5, "{usual} after {secs} s");
    }
    assert!((rate(Overrides { hold: Some(140.0), ..Overrides::default() }, 1) - 140.0).abs() < 1e-5);
}

#[test]
fn loads_that_no_check_has_seen_are_refused_by_name() {
    let mut json = scenario_json();
    json["load"] = json!({
        "model": "open", "arrivals": { "gamma": { "cv": 0.0 } }, "stages": [{ "hold": "100/s", "for": "10s" }],
        "also": {
            "bursts": { "arrivals": { "mmpp": { "calm": "1s", "burst": "1s", "ratio": 0.5 } },
                        "stages": [{ "hold": "1/s", "for": "1s" }, { "spike": { "peak": "1", "rise": "1s" }, "for": "1s" }] },
            "replay": { "arrivals": { "trace": { "file": "t", "lines": "times", "into": "1s" } }, "stages": [] },
        },
    });
    let scenario = scenario(json);
    let error = Plan::new(inputs(&scenario, &shape(), 1)).expect_err("faults");
    assert_eq!(
        error.to_string(),
        "a number of `arrivals` is out of range; a number of `arrivals` of `bursts` is out of range; stage 2 of `bursts` \
         needs one rate and a length; stream `replay` cannot replay a trace; only the load itself can"
    );
}

#[test]
fn a_trace_is_replayed_at_its_own_or_a_given_rate() {
    let mut json = scenario_json();
    json["load"] = json!({ "model": "open", "arrivals": { "trace":
        { "file": "t", "lines": "times", "from": "1s", "take": "2s", "into": "1s" } } });
    let scenario = scenario(json);
    let shape = shape();
    let trace = Arc::new(TraceData::parse_times("0\n1\n1\n2\n3\n").expect("a trace"));
    let plan = |overrides| {
        Plan::new(PlanInputs { trace: Some(Arc::clone(&trace)), overrides, ..inputs(&scenario, &shape, 1) })
            .expect("plannable")
    };
    let own = plan(Overrides::default());
    let due: Vec<u64> = own.journeys(&run()).map(|j| j.due.as_nanos()).collect();
    assert_eq!(due, [0, 0, 500_000_000]);
    let faster = plan(Overrides { rate: Some(12.0), ..Overrides::default() });
    assert_eq!((faster.n_journeys(), faster.duration()), (12, Span::from_secs(1)));
}

#[test]
fn everything_that_cannot_be_planned_is_told_at_once() {
    let mut json = scenario_json();
    json["live_ranges"] = json!(["9901000000000000..9901999999999999"]);
    json["accounts"]["tight"]["balance"] = json!("BRL 1.00");
    json["load"]["arrivals"] = json!("shape");
    json["load"]["stages"][0] = json!({ "day": "5/s", "for": "2s" });
    json["journeys"]["pay"]["merchant"] = json!("payers");
    json["journeys"]["race"]["methods"] = json!(["balance", "cheque"]);
    json["journeys"]["race"]["let"]["most"]["of"] = json!("price");
    json["journeys"]["race"]["steps"][0]["intent"]["from"] = json!("{{payment}}");
    json["journeys"]["race"]["steps"][2]["parallel"][1]["intent"]["same_as"] = json!("beck");
    let scenario = scenario(json);
    let error = Plan::new(PlanInputs { shape: None, ..inputs(&scenario, &Shape::default(), 1) }).expect_err("faults");
    let texts: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
    let number = account_number(1, 0);
    assert_eq!(
        texts,
        [
            format!(
                "virtual account {number} of group `merchants` lies within the live range \
                 9901000000000000..9901999999999999"
            )
            .as_str(),
            "journey `pay` needs `payers` to be a group of merchants",
            "journey `pay` has no payment method: name `methods`, or a shape that has some",
            "`let` most of journey `race` must be `percent` or `plus` of `amount` or `payer.balance`",
            "intent of step 1 of journey `race`: `from`: `{{payment}}` is not known when the plan is made",
            "intent of step 4 of journey `race`: no step with an intent is named `beck`",
            "journey `race` mixes BRL and CNY",
            "`arrivals: shape` needs a shape",
            "`day` needs a shape",
        ]
    );
}

#[test]
fn a_plan_of_a_month_takes_no_longer_to_start_than_one_of_a_second() {
    // Lazily made: 2.6 thousand million journeys, of which two are asked for.
    let mut json = scenario_json();
    json["load"]["stages"][0] = json!({ "hold": "1000/s", "for": "720h" });
    let plan = plan(json, 1);
    assert_eq!(plan.duration(), Span::from_secs(720 * 3_600));
    assert_eq!(plan.journeys(&run()).take(2).map(|j| j.number).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn the_marketplace_day_can_be_planned_and_is_as_its_shape_says() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let text = |name: &str| std::fs::read_to_string(root.join(name)).expect("a file of the project");
    let (scenario, _) =
        crate::scenario::read::read::<Scenario>("a", &text("marketplace_day.yaml")).expect("a scenario");
    let shape = crate::shape::parse_yaml("b", &text("shapes/marketplace.yaml")).expect("a shape");
    let plan = Plan::new(inputs(&scenario, &shape, 1)).unwrap_or_else(|e| panic!("{e}"));
    let expected = plan.curve().expect("an open load").n_expected();
    // Counts of a renewal process spread by the CV of its gaps: five standard deviations.
    let spread = 5.0 * expected.sqrt() * shape.gap_table().expect("valid").cv();
    assert!((plan.n_journeys() as f64 - expected).abs() < spread, "{} of {expected}", plan.n_journeys());
    let noon = plan.duration().as_nanos() / 24 * 12;
    let at_noon = plan.journeys(&run()).filter(|j| (noon..noon + 2_500_000_000).contains(&j.due.as_nanos())).count();
    assert!((at_noon as f64 / expected - shape.hour_curve[12] / 24.0).abs() < 0.03, "{at_noon}");
    assert!(plan.journeys(&run()).all(|j| !j.intents.is_empty()));
}
