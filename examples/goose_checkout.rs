//! A Goose load test of one's own, whose money plimsoll judges.
//!
//! Goose runs the users and makes the requests, as in any Goose load test. plimsoll opens the virtual accounts, writes down
//! what is wanted before it is sent and what was answered, reads the target's book and the bank's, and says whether the money
//! is right. What it leaves is a run directory like any other.
//!
//! ```sh
//! cargo run --example goose_checkout                                  # on the embedded chain
//! cargo run --example goose_checkout -- --defect double_post_on_retry # see it caught
//! PLIMSOLL_ADMIN_TOKEN=… cargo run --example goose_checkout -- http://127.0.0.1:8080
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use goose::config::GooseConfiguration;
use goose::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use plimsoll::verdict::Verdict;
use plimsoll::witness::{Answered, Journey, Judgement, Terms, Witness, WitnessedRun, serve_if_child};
use serde_json::{Value, json};
use sha2::Sha256;

/// What all users talk to.
static WITNESS: OnceLock<Witness> = OnceLock::new();

fn main() -> ExitCode {
    // The embedded chain and the mock bank are this program, started again.
    if let Some(code) = serve_if_child() {
        return code;
    }
    let judged = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(run()));
    match judged {
        Ok(judgement) => {
            println!("{}", judgement.text);
            ExitCode::from(match judgement.verdict {
                Verdict::Pass => 0,
                Verdict::Fail => 1,
                Verdict::Inconclusive => 4,
            })
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

async fn run() -> Result<Judgement, Box<dyn Error>> {
    let run = WitnessedRun::start(terms()).await?;
    let n_users = run.witness().users().to_string();
    let _ = WITNESS.set(run.witness());

    let arguments = ["--host", run.gateway(), "--users", &n_users, "--increase-rate", "20", "--iterations", "40"];
    let quiet = ["--no-print-metrics", "--no-telnet", "--quiet"];
    let configuration = GooseConfiguration::parse_args_default(&[&arguments[..], &quiet].concat())?;
    let customers = scenario!("customers")
        .register_transaction(transaction!(shop))
        .set_wait_time(Duration::from_millis(20), Duration::from_millis(60))?;
    let attack = GooseAttack::initialize_with_config(configuration)?.register_scenario(customers);
    Box::pin(attack.execute()).await?;

    Ok(run.judge().await?)
}

/// `[--defect NAME] [URL]`.
fn terms() -> Terms {
    let mut terms = Terms {
        scenario: Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/goose_checkout.yaml"),
        target: None,
        seed: 1,
        out: "reports/out".into(),
        defects: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--defect" => terms.defects.extend(arguments.next()),
            url => terms.target = Some(url.to_owned()),
        }
    }
    terms
}

/// One journey of a customer: buys, and now and then sends it back.
async fn shop(user: &mut GooseUser) -> TransactionResult {
    let witness = WITNESS.get().expect("set before Goose starts");
    let number = u32::try_from(user.weighted_users_index).expect("a handful of users");
    // What this user wants is on disk before the first request leaves.
    let Some(mut journey) = witness.next(number).await else { return Ok(()) };
    let planned = journey.planned();
    let order = json!({
        "merchant_order_no": journey.value("order_no"), "payer": *planned.payer.id, "payee": *planned.merchant.id,
        "amount": planned.amount, "currency": planned.currency.code(), "method": *planned.method,
    });
    let back = planned.number_of("back");
    let paid = call(user, &mut journey, ("pay", "/v1/payments", "payment_id"), &order).await?;
    if let (Some(payment), Some(back)) = (paid, back) {
        let refund = json!({
            "refund_no": journey.value("no.r1"), "payment_id": payment, "amount": back,
            "currency": journey.planned().currency.code(),
        });
        call(user, &mut journey, ("refund", "/v1/refunds", "refund_id"), &refund).await?;
    }
    Ok(())
}

/// Makes the request of a step, and tells the witness what came of it. The id the target gave, if it was done at once.
async fn call(
    user: &mut GooseUser,
    journey: &mut Journey,
    (step, path, id): (&str, &str, &str),
    body: &Value,
) -> Result<Option<String>, Box<TransactionError>> {
    let body = body.to_string();
    let mut request = user.get_request_builder(&GooseMethod::Post, path)?.header("content-type", "application/json");
    for (name, value) in signature(journey, path, &body) {
        request = request.header(name, value);
    }
    let sent = journey.sent(step);
    let request = request.headers(sent.mark()).body(body);
    let request = GooseRequest::builder().set_request_builder(request).name(step).build();
    let answer = match user.request(request).await?.response {
        Ok(answer) => answer,
        Err(error) => {
            if error.is_connect() {
                sent.not_sent("no connection");
            } else {
                // It may have taken effect: the books will tell.
                sent.unknown(if error.is_timeout() { "timeout" } else { "reset" });
            }
            return Ok(None);
        }
    };
    let status = answer.status().as_u16();
    let Ok(body) = answer.json::<Value>().await else {
        sent.unexpected(Answered { status, reason: Some("no JSON".to_owned()), ..Answered::default() });
        return Ok(None);
    };
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let said = text("status").unwrap_or_default();
    let is_final = matches!(said.as_str(), "SUCCEEDED" | "FAILED");
    let answer = Answered {
        status,
        reason: text("reason").or_else(|| text("error")),
        target_id: text(id),
        target_status: is_final.then(|| said.clone()),
    };
    match (status, said.as_str()) {
        (200, "SUCCEEDED") => {
            sent.ok(answer);
            return Ok(text(id));
        }
        (200, "PROCESSING") => sent.ok(answer),
        (200, "FAILED") => sent.declined(answer),
        _ => sent.unexpected(answer),
    }
    Ok(None)
}

/// The merchant's signature, as this platform wants it.
fn signature(journey: &Journey, path: &str, body: &str) -> [(&'static str, String); 3] {
    let time = journey.unix_seconds().to_string();
    let key = journey.secret().map_or("", |secret| secret.expose());
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("POST\n{path}\n{time}\n{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    [("x-merchant", journey.planned().merchant.id.to_string()), ("x-timestamp", time), ("x-signature", signature)]
}
