//! Fits of real records, against numbers computed outside this program.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Words {
    #[command(subcommand)]
    command: ShapeCommand,
}

fn parse(words: &[String]) -> ShapeCommand {
    Words::try_parse_from(std::iter::once("shape").chain(words.iter().map(String::as_str))).expect("words").command
}

/// Runs `plimsoll shape` with these words, `{}` standing for the scratch directory; gives its result and file.
fn fit_into(dir: &Path, words: &[&str]) -> (Result<(), ShapeCommandError>, String) {
    let at = dir.join("shape.yaml").display().to_string();
    let mut words: Vec<String> = words.iter().map(|w| w.replace("{}", &dir.display().to_string())).collect();
    words.extend(["--out".to_owned(), at.clone()]);
    let mut line = vec!["plimsoll".to_owned(), "shape".to_owned()];
    line.extend(words.clone());
    let result = run(&parse(&words), &line);
    (result, fs::read_to_string(at).unwrap_or_default())
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/payments").join(name).display().to_string()
}

fn shape_of(text: &str) -> Shape {
    parse_yaml("shape.yaml", text).expect("a shape")
}

#[test]
fn methods_and_amounts_of_a_marketplace_are_learnt() {
    let dir = tempfile::tempdir().expect("a directory");
    let orders = fixture("olist_payments_300.csv");
    let map = ["--map", "credit_card=card", "--map", "debit_card=card", "--map", "boleto=wallet", "--map"];
    let mut words = vec!["fit", "--orders", &orders, "--amount-column", "payment_value"];
    words.extend(["--method-column", "payment_type"]);
    words.extend(map);
    words.push("voucher=balance");
    let (result, text) = fit_into(dir.path(), &words);
    result.expect("a fit");
    let shape = shape_of(&text);
    // Counted and sorted by a few lines of Python: 211, 55 and 34 of 300; minimum, median, maximum.
    let expected = [
        ("balance", 0.1133, 185.0, 3_614.0, 130_242.0),
        ("card", 0.7033, 59.0, 11_889.0, 241_920.0),
        ("wallet", 0.1833, 1_948.0, 11_020.0, 76_576.0),
    ];
    for (name, weight, least, median, most) in expected {
        let method = &shape.methods[name];
        let amounts = method.amount_table().expect("valid");
        assert!((method.weight - weight).abs() < 1e-9, "{name}: {}", method.weight);
        assert_eq!(
            (amounts.at(0.0), amounts.at(0.5).round(), amounts.at(1.0).round()),
            (least, median, most),
            "{name}"
        );
    }
}

#[test]
fn hours_payers_and_cancellations_of_a_shop_are_learnt_from_invoice_lines() {
    let dir = tempfile::tempdir().expect("a directory");
    let orders = fixture("online_retail_700.csv");
    let mut words = vec!["fit", "--orders", &orders, "--order-column", "InvoiceNo", "--time-column", "InvoiceDate"];
    words.extend(["--quantity-column", "Quantity", "--price-column", "UnitPrice"]);
    words.extend(["--payer-column", "CustomerID", "--cancel-prefix", "C"]);
    let (result, text) = fit_into(dir.path(), &words);
    result.expect("a fit");
    let shape = shape_of(&text);
    // By a few lines of Python: 50 invoices, 3 cancelled, 46 paid, of these 16 at nine and 12 at eleven o'clock;
    // 33 customers whose counts have the exponent 0.65625.
    assert!((shape.cancel_share - 0.06).abs() < 1e-9);
    assert!((shape.payer_skew - 0.656).abs() < 1e-9, "{}", shape.payer_skew);
    assert!((shape.hour_curve[9] - 24.0 * 16.0 / 46.0).abs() < 1e-3);
    assert!((shape.hour_curve[11] - 24.0 * 12.0 / 46.0).abs() < 1e-3);
    assert!((shape.gap_table().expect("valid").mean() - 1.0).abs() < 1e-3);
    assert!(shape.methods.is_empty(), "a table without methods tells none");
}

#[test]
fn a_second_table_adds_to_the_first_and_both_commands_are_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let csv = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
    csv("a.csv", &format!("id,to\n{}", "1,m1\n2,m2\n3,m3\n".repeat(10)));
    csv("b.csv", "id\nC1\n2\n3\nC4\n");
    let (first, _) =
        fit_into(dir.path(), &["fit", "--orders", "{}/a.csv", "--merchant-column", "to", "--about", "a's"]);
    first.expect("a fit");
    let more = ["fit", "--onto", "{}/shape.yaml", "--orders", "{}/b.csv", "--order-column", "id"];
    let (second, text) = fit_into(dir.path(), &[more.as_slice(), &["--cancel-prefix", "C"]].concat());
    second.expect("a fit");
    let shape = shape_of(&text);
    assert!(shape.merchant_skew.abs() < 0.01, "three merchants alike: {}", shape.merchant_skew);
    assert!((shape.cancel_share - 0.5).abs() < 1e-9);
    assert_eq!(text.matches("#   plimsoll shape fit ").count(), 2, "{text}");
    assert!(text.contains(r"--about 'a'\''s'"), "{text}");
}

#[test]
fn rows_that_cannot_be_used_are_counted_and_left_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut text = String::from("\u{feff}when,much,how\n");
    text.push_str(&"2024-02-29 10:00:00,12.50,card\n".repeat(30));
    text.push_str(
        "2024-02-30 10:00:00,1.00,card\n2024-02-01T10:00,NaN,card\nyesterday,1.00,card\n2024-02-01T10:00,,card\n",
    );
    fs::write(dir.path().join("a.csv"), text).expect("written");
    let mut words = vec!["fit", "--orders", "{}/a.csv", "--time-column", "when", "--amount-column", "much"];
    words.extend(["--method-column", "how"]);
    let ShapeCommand::Fit(args) =
        parse(&words.iter().map(|w| w.replace("{}", &dir.path().display().to_string())).collect::<Vec<_>>());
    let table = table::read(&args, &BTreeMap::new()).expect("a table");
    assert_eq!((table.n_rows, table.records.records.len()), (34, 30));
    assert_eq!(
        table.left_out.to_string(),
        "left out: 2 rows with a bad amount, the first in line 33\n\
         left out: 2 rows with a bad time, the first in line 32\n"
    );
}

#[test]
fn mistakes_are_told_with_what_is_there() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("a.csv"), "id,value\n1,2\n").expect("written");
    let told = |words: &[&str]| fit_into(dir.path(), words).0.expect_err("a mistake").to_string();
    let at = dir.path().join("a.csv").display().to_string();
    assert_eq!(
        told(&["fit", "--orders", "{}/a.csv", "--payer-column", "who"]),
        format!("no column `who` in `{at}` (columns: id, value)")
    );
    assert!(told(&["fit", "--orders", "{}/a.csv"]).starts_with("nothing to learn: name at least one of"));
    assert_eq!(told(&["fit", "--orders", "{}/b.csv"]), format!("cannot read `{}`", at.replace("a.csv", "b.csv")));
}

/// Aim: the committed shape is what its commands make of the data, so nobody can have touched it by hand.
/// Method: takes the commands from the file's comment. The data is not part of the project: `PLIMSOLL_DATA` says
/// where it is.
#[test]
fn the_marketplace_shape_is_what_its_commands_make() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = std::env::var_os("PLIMSOLL_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let data = data.join("payments");
    if !data.join("online_retail.csv.gz").exists() {
        println!("skipped: no data in {}", data.display());
        return;
    }
    let committed = fs::read_to_string(root.join("scenarios/shapes/marketplace.yaml")).expect("the shape");
    let comment = head_comment(&committed).replace(" \\\n", " ");
    let commands: Vec<&str> = comment.lines().filter_map(|l| l.trim().strip_prefix("plimsoll shape ")).collect();
    assert_eq!(commands.len(), 3);
    let dir = tempfile::tempdir().expect("a directory");
    let made = dir.path().join("marketplace.yaml");
    for command in commands {
        // Quotes only ever stand around whole words, so every second piece is quoted.
        let mut words: Vec<String> = Vec::new();
        for (i, piece) in command.split('\'').enumerate() {
            if i % 2 == 1 {
                words.push(piece.to_owned());
            } else {
                words.extend(piece.split_whitespace().map(|w| {
                    if w.contains(".csv") {
                        data.join(w).display().to_string()
                    } else if w == "marketplace.yaml" {
                        made.display().to_string()
                    } else {
                        w.to_owned()
                    }
                }));
            }
        }
        run(&parse(&words), &[]).expect("a fit");
    }
    let made = shape_of(&fs::read_to_string(made).expect("made"));
    assert_eq!(made, shape_of(&committed));
    // Facts about the data, found independently: methods' shares, skews, cancellations.
    assert!((made.methods["card"].weight - 0.715).abs() < 0.001);
    assert!((made.methods["wallet"].weight - 0.177).abs() < 0.001);
    assert!((made.merchant_skew - 0.754).abs() < 0.001 && (made.payer_skew - 0.648).abs() < 0.001);
    assert!((made.cancel_share - 0.1481).abs() < 1e-4);
}
