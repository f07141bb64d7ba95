//! Two servers on one journal: the second is refused, and takes over once the first is dead, however it died.

use super::client::{Client, RUN};
use crate::program::{Served, finish, send};

const PROFILE: &str = r#"
name: bank
merchant_no: "88"
signature: { hmac_sha256: { key: k } }
answer: { synchronous: { after: { constant: 0ms } } }
"#;

#[test]
fn a_second_server_on_a_journal_is_refused_until_the_first_is_dead() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let at = |name: &str| scratch.path().join(name).display().to_string();
    std::fs::write(at("bank.yaml"), PROFILE).expect("written");
    let (profile, journal) = (at("bank.yaml"), at("journal"));
    let args = ["mock", "serve", &profile, "--journal", &journal];
    let mut first = Served::start(&args, &[]);
    let order = format!("{RUN}-1");
    let paid = Client::connect(&first.address, "bank").and_then(|mut bank| bank.pay(&order, 500, None));
    assert_eq!(paid.expect("an answer").0, 200);

    let second = finish(&args);
    let told = format!(
        "error: cannot serve the mock channels: channel `bank` is served by somebody else, who keeps the journal `{journal}/bank.journal.jsonl`\n\
         help: end the other server, or name another directory with `--journal DIR`\n"
    );
    assert_eq!((second.code, second.err), (Some(3), told));

    send(&first.child, "-KILL");
    first.child.wait().expect("it is dead");
    let third = Served::start(&args, &[]);
    let found = Client::connect(&third.address, "bank").and_then(|mut bank| bank.query(&order));
    assert_eq!(found.expect("an answer").1["status"], "SUCCESS");
}
