//! A client of a bank's interface, written from what `plimsoll mock explain` prints: it shares no code with the banks.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The run that all calls are marked with.
pub(super) const RUN: &str = "r0abc";
const TIME: &str = "1763600000";

/// One connection to one channel.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    channel: &'static str,
    merchant: &'static str,
    key: &'static str,
}

impl Client {
    /// Connects to `channel` of the banks at `address`. Its key is `k`, the platform's number there 88.
    pub(super) fn connect(address: &str, channel: &'static str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream: BufReader::new(stream), channel, merchant: "88", key: "k" })
    }

    /// The same with another number and key.
    pub(super) fn of_merchant(self, merchant: &'static str, key: &'static str) -> Self {
        Self { merchant, key, ..self }
    }

    /// How long it waits for an answer.
    pub(super) fn give_up_after(&self, time: Duration) {
        self.stream.get_ref().set_read_timeout(Some(time)).expect("a time");
    }

    /// A signed and marked call: HTTP status and body.
    pub(super) fn call(&mut self, operation: &str, body: &Value) -> io::Result<(u16, Value)> {
        let (path, body) = (format!("/{}/v1/{operation}", self.channel), body.to_string());
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("any length");
        mac.update(format!("POST\n{path}\n{TIME}\n{body}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: bank\r\nx-bank-merchant: {}\r\nx-bank-time: {TIME}\r\n\
             x-bank-sign: {signature}\r\nx-stress-test: {RUN}\r\ncontent-length: {}\r\n\r\n{body}",
            self.merchant,
            body.len()
        );
        let (status, body) = self.exchange(&request)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// A payment of `amount` minor units, to be told to `notify_url`.
    pub(super) fn pay(&mut self, order: &str, amount: i64, notify_url: Option<&str>) -> io::Result<(u16, Value)> {
        self.ask_for("pay", order, amount, notify_url)
    }

    /// The same of another operation.
    pub(super) fn ask_for(
        &mut self,
        operation: &str,
        order: &str,
        amount: i64,
        notify_url: Option<&str>,
    ) -> io::Result<(u16, Value)> {
        let mut body = json!({ "order_no": order, "amount": amount, "currency": "CNY" });
        if let Some(url) = notify_url {
            body["notify_url"] = json!(url);
        }
        self.call(operation, &body)
    }

    /// What the bank says of `order` now.
    pub(super) fn query(&mut self, order: &str) -> io::Result<(u16, Value)> {
        self.call("query", &json!({ "order_no": order }))
    }

    /// `GET` of `path`: HTTP status and body.
    pub(super) fn get(&mut self, path: &str) -> io::Result<(u16, Vec<u8>)> {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: bank\r\n\r\n"))
    }

    /// What the banks say of their health: of all, and of this channel.
    pub(super) fn health(&mut self) -> (Value, Value) {
        let (_, body) = self.get("/_plimsoll/health").expect("health");
        let health: Value = serde_json::from_slice(&body).expect("JSON");
        let channel = health["channels"].as_array().expect("a list").iter().find(|c| c["name"] == self.channel);
        (health["status"].clone(), channel.expect("the channel").clone())
    }

    fn exchange(&mut self, request: &str) -> io::Result<(u16, Vec<u8>)> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut length = 0;
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }

    /// One line without its end; that of the connection is an error.
    fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        if self.stream.read_line(line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(())
    }
}
