//! Banks of every scheme and face, called and verified by a client that knows `plimsoll mock explain` alone: it shares
//! no line with what writes and signs there, and leaves signing to `openssl`.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use reqwest::Client;

use crate::program::{Served, finish, root};

/// How a bank is told to sign, as its explanation says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recipe {
    /// RSASSA-PKCS1-v1_5, Base64.
    Rsa2,
    /// RSASSA-PSS, Base64.
    Pss,
    /// MD5 with the key at the end, capitals.
    Md5,
}

/// How a bank writes, as its explanation says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Json,
    Form,
    Xml,
}

/// What `mock explain` says.
struct Explained {
    name: &'static str,
    recipe: Recipe,
    written: Written,
    merchant: String,
    /// What acknowledges a callback.
    acknowledgement: String,
    /// Of MD5.
    key: String,
    /// Of RSA: the bank's public key, in a file.
    public: PathBuf,
    /// Signatures of the worked examples: of a call, and of a callback if the bank signs with a key of its own.
    examples: Vec<String>,
    scratch: tempfile::TempDir,
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
fn has_openssl() -> bool {
    let has = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CI").is_none(), "openssl is needed");
    if !has {
        println!("skipped: openssl cannot be run");
    }
    has
}

/// What `openssl` writes if it reads `text`, and whether it was content.
fn openssl(args: &[&str], text: &[u8]) -> (Vec<u8>, bool) {
    let mut command = Command::new("openssl");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl starts");
    child.stdin.take().expect("piped").write_all(text).expect("it reads");
    let mut out = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut out).expect("it writes");
    let is_content = child.wait().expect("it ends").success();
    (out, is_content)
}

impl Explained {
    fn read(name: &'static str) -> Self {
        let text = finish(&["mock", "explain", &format!("mocks/{name}.yaml")]).out;
        let cell = |header: &str| {
            let row = text.lines().find(|l| l.starts_with(&format!("| `{header}` |"))).expect("a row");
            row.split(" | ").nth(1).expect("a cell").trim_end_matches(" |").to_owned()
        };
        let after = |words: &str| text.split(words).nth(1).and_then(|rest| rest.split('`').next()).map(str::to_owned);
        let sign = cell("x-bank-sign");
        assert!(sign.contains("`METHOD \\n PATH \\n TIME \\n BODY`"), "{sign}");
        let recipes = [
            ("Base64 of RSASSA-PKCS1-v1_5 with SHA-256", Recipe::Rsa2),
            ("Base64 of RSASSA-PSS with SHA-256 for digest and mask, and a salt of 32 bytes", Recipe::Pss),
            ("upper-case hex of MD5 of this text with the shared key at its end", Recipe::Md5),
        ];
        let faces = [("JSON", Written::Json), ("a form", Written::Form), ("XML", Written::Xml)];
        let calls = text.lines().find_map(|l| l.strip_prefix("HTTP `POST`, ")).expect("a line about calls");
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let public = scratch.path().join("public.pem");
        if let Some(pem) = text.split("```\n").nth(1) {
            fs::write(&public, pem).expect("written");
        }
        let examples = text.lines().filter(|l| l.starts_with("is ") && l.contains("signed"));
        Self {
            name,
            recipe: recipes.into_iter().find(|(words, _)| sign.starts_with(words)).expect("a recipe").1,
            written: faces.into_iter().find(|(words, _)| calls.starts_with(words)).expect("a face").1,
            merchant: cell("x-bank-merchant").trim_matches('`').to_owned(),
            acknowledgement: after("status 200 and the body `").expect("an acknowledgement"),
            key: after("The key is `").unwrap_or_default(),
            public,
            examples: examples.filter_map(|l| Some(l.split('`').nth(1)?.to_owned())).collect(),
            scratch,
        }
    }

    const fn padding(&self) -> &'static [&'static str] {
        match self.recipe {
            Recipe::Pss => &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
            Recipe::Rsa2 | Recipe::Md5 => &[],
        }
    }

    /// The signature of a call.
    fn sign(&self, text: &str) -> String {
        if self.recipe == Recipe::Md5 {
            let (digest, _) = openssl(&["dgst", "-md5", "-r"], format!("{text}{}", self.key).as_bytes());
            return String::from_utf8(digest).expect("hex")[..32].to_uppercase();
        }
        let private = root().join("mocks/keys/platform_private.pem").display().to_string();
        let args = [&["dgst", "-sha256"][..], self.padding(), &["-sign", &private]].concat();
        let (signature, _) = openssl(&args, text.as_bytes());
        String::from_utf8(openssl(&["base64", "-A"], &signature).0).expect("Base64")
    }

    /// Whether `signature` of `text` is that of the owner of this public key; or of the only key there is.
    fn is_signed(&self, public: &Path, text: &str, signature: &str) -> bool {
        if self.recipe == Recipe::Md5 {
            return self.sign(text) == signature;
        }
        let file = self.scratch.path().join("signature");
        fs::write(&file, openssl(&["base64", "-d", "-A"], signature.as_bytes()).0).expect("written");
        let (public, file) = (public.display().to_string(), file.display().to_string());
        let verify = ["-verify", &public, "-signature", &file];
        openssl(&[&["dgst", "-sha256"][..], self.padding(), &verify].concat(), text.as_bytes()).1
    }

    /// A body with these fields.
    fn body(&self, fields: &[(&str, String)]) -> String {
        let kept = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        let encoded = |text: &str| {
            let one = |b: u8| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
            text.bytes().map(one).collect::<String>()
        };
        let all = fields.iter().map(|(name, value)| match self.written {
            Written::Json if *name == "amount" => format!("\"{name}\":{value}"),
            Written::Json => format!("\"{name}\":\"{value}\""),
            Written::Form => format!("{name}={}", encoded(value)),
            Written::Xml => format!("<{name}>{value}</{name}>"),
        });
        let all: Vec<String> = all.collect();
        match self.written {
            Written::Json => format!("{{{}}}", all.join(",")),
            Written::Form => all.join("&"),
            Written::Xml => format!("<call>{}</call>", all.concat()),
        }
    }

    /// The value of a field of an answer or callback that needs no decoding.
    fn field(&self, body: &str, name: &str) -> String {
        let (before, after) = match self.written {
            Written::Json => (format!("\"{name}\":\""), "\""),
            Written::Form => (format!("{name}="), "&"),
            Written::Xml => (format!("<{name}>"), "<"),
        };
        let value = body.split(&before).nth(1).and_then(|rest| rest.split(after).next());
        value.unwrap_or_default().to_owned()
    }

    /// The HTTP status and the code of the answer to a call with this body, its signature changed so.
    async fn call(&self, bank: &Served, body: String, change: impl Fn(String) -> String) -> (u16, String) {
        let path = format!("/{}/v1/pay", self.name);
        let time = now_s().to_string();
        let signature = change(self.sign(&format!("POST\n{path}\n{time}\n{body}")));
        let request = Client::new()
            .post(format!("http://{}{path}", bank.address))
            .header("x-bank-merchant", &self.merchant)
            .header("x-bank-time", time)
            .header("x-bank-sign", signature)
            .header("x-stress-test", "r0abc");
        let answer = request.body(body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, self.field(&answer.text().await.expect("a body"), "code"))
    }
}

#[expect(clippy::disallowed_methods, reason = "a client outside of the program, with a clock of its own")]
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A platform's address for callbacks, which are acknowledged with `acknowledgement`, and what came in there.
async fn endpoint(acknowledgement: String) -> (String, Seen) {
    let seen = Seen::default();
    let take = async move |State(seen): State<Seen>, headers: HeaderMap, body: Bytes| {
        seen.lock().expect("no panic").push((headers, String::from_utf8_lossy(&body).into_owned()));
        acknowledgement
    };
    let router = axum::Router::new().route("/told", axum::routing::post(take)).with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/told", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

/// The fields of a payment.
fn order(n: u32, notify_url: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("order_no", format!("r0abc-{n:07}p")),
        ("amount", String::from("1200")),
        ("currency", String::from("CNY")),
    ];
    fields.extend(notify_url.map(|url| ("notify_url", url.to_owned())));
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_explanation_alone_is_understood_and_understands() {
    if !has_openssl() {
        return;
    }
    for (name, recipe, written) in [
        ("card_union", Recipe::Rsa2, Written::Form),
        ("bank_south", Recipe::Pss, Written::Json),
        ("wallet_west_v2", Recipe::Md5, Written::Xml),
    ] {
        let bank = Explained::read(name);
        assert_eq!((bank.recipe, bank.written), (recipe, written), "{name}");
        check_examples(&bank);
        let journal = bank.scratch.path().join("journal").display().to_string();
        let served = Served::start(&["mock", "serve", &format!("mocks/{name}.yaml"), "--journal", &journal], &[]);
        check_refusals(&bank, &served).await;
        let (url, seen) = endpoint(bank.acknowledgement.clone()).await;
        for n in 0..6 {
            let told = bank.call(&served, bank.body(&order(n, Some(&url))), |signature| signature).await;
            let known = [(200, "01"), (200, "96"), (504, "")];
            assert!(known.contains(&(told.0, told.1.as_str())), "{name}: {told:?}");
        }
        for (headers, body) in told(&seen, 3).await {
            let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
            let text = format!("POST\n/told\n{}\n{body}", header("x-bank-time"));
            assert!(bank.is_signed(&bank.public, &text, header("x-bank-sign")), "{name}: {body}");
            assert!(bank.field(&body, "order_no").starts_with("r0abc-"), "{name}: {body}");
            assert!(["SUCCESS", "FAIL"].contains(&bank.field(&body, "status").as_str()), "{name}: {body}");
            let other = text.replace("1200", "1201");
            assert!(other != text && !bank.is_signed(&bank.public, &other, header("x-bank-sign")), "{name}: {body}");
        }
    }
}

/// The callbacks that came in, once there are `n`.
async fn told(seen: &Seen, n: usize) -> Vec<(HeaderMap, String)> {
    let looking = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let told = seen.lock().expect("no panic").clone();
            if told.len() >= n {
                return told;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looking).await.expect("callbacks come")
}

/// The worked examples are signed as the recipe says, by whom it says.
fn check_examples(bank: &Explained) {
    let fields = [("order_no", "r0abc-0000001p.p1"), ("amount", "1200"), ("currency", "CNY")];
    let body = bank.body(&fields.map(|(name, value)| (name, value.to_owned())));
    let text = |path: &str| format!("POST\n{path}\n1763600000\n{body}");
    let platform = root().join("mocks/keys/platform_public.pem");
    let call = text(&format!("/{}/v1/pay", bank.name));
    assert!(bank.is_signed(&platform, &call, &bank.examples[0]), "{}", bank.name);
    if bank.recipe != Recipe::Md5 {
        assert!(bank.is_signed(&bank.public, &text("/callbacks"), &bank.examples[1]), "{}", bank.name);
    }
}

/// What is not signed as the recipe says is refused with `A0`, and what is not written as it says with `30`.
async fn check_refusals(bank: &Explained, served: &Served) {
    let changes: [fn(String) -> String; 3] = [
        |_| String::new(),
        // Another character of the alphabet of either way of writing.
        |signature| format!("{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]),
        |signature| signature.to_lowercase(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let told = bank.call(served, bank.body(&order(9_999_999, None)), change).await;
        assert_eq!(told, (401, String::from("A0")), "{} {n}", bank.name);
    }
    for wrong in ["{\"order_no\":", "order no=1", "<call><order_no>", "<other/>", "amount=x", ""] {
        let told = bank.call(served, wrong.to_owned(), |signature| signature).await;
        assert_eq!(told, (400, String::from("30")), "{} {wrong}", bank.name);
    }
}
