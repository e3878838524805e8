//! A simulated venue, an engine that trades there, and what each of them says afterwards.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ballast_runtime::clock::Stopwatch;
use ballast_tests::market::QUOTER;
use ballast_tests::program::{Run, program};
use serde_json::Value;

/// What the environment calls the keys.
const NAME: &str = "DESK";

/// A venue that runs until it is dropped, or its time is up.
pub(crate) struct Venue {
    child: Child,
    /// Addresses and keys.
    pub(crate) told: Value,
}

impl Venue {
    /// A crowd trades there.
    pub(crate) fn start(arguments: &str) -> Self {
        Self::serve(&format!("--synthetic --for 900s {arguments}"), None)
    }

    /// The same for so many seconds.
    pub(crate) fn lasting(seconds: u64, arguments: &str) -> Self {
        Self::serve(&format!("--synthetic --for {seconds}s {arguments}"), None)
    }

    /// Recorded history trades there, again and again.
    pub(crate) fn replay(capture: &Path, arguments: &str) -> Self {
        Self::serve(arguments, Some(capture))
    }

    fn serve(arguments: &str, capture: Option<&Path>) -> Self {
        let mut child = Command::new(program())
            .args("simulate --json --clients 1".split(' '))
            .args(arguments.split_whitespace())
            .args(capture.into_iter().flat_map(|file| [Path::new("--capture"), file]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, told: serde_json::from_str(&line).unwrap() }
    }

    /// Scheme and host of a market: `http` or `ws`.
    pub(crate) fn url(&self, market: &str, scheme: &str) -> String {
        let markets = self.told["markets"].as_array().unwrap();
        let told = markets.iter().find(|told| told["market"] == market).unwrap();
        told[scheme].as_str().unwrap().to_owned()
    }

    /// Asks the simulator itself, and reads its JSON.
    fn ask(&self, market: &str, method: &str, path: &str, body: &str) -> Value {
        let url = self.url(market, "http");
        let host = url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} /simulator/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let (from, to) = (body.find(['{', '[']).unwrap(), body.rfind(['}', ']']).unwrap());
        serde_json::from_str(&body[from..=to]).unwrap()
    }

    /// The truth of a market, as the venue knows it.
    pub(crate) fn state(&self, market: &str) -> Value {
        self.ask(market, "GET", "state", "")
    }

    /// Faults that fired, oldest first.
    pub(crate) fn fired(&self, market: &str) -> Value {
        self.ask(market, "GET", "faults", "")
    }

    /// Puts these rules in place of those there are.
    pub(crate) fn set_faults(&self, market: &str, rules: &str) {
        assert_eq!(self.ask(market, "POST", "faults", rules), Value::Object(serde_json::Map::new()));
    }

    /// What the venue knows of the only client.
    pub(crate) fn client(&self, market: &str) -> Value {
        self.state(market)["venue"]["clients"][0].clone()
    }

    /// Orders of the only client, whatever became of them.
    pub(crate) fn orders(&self, market: &str) -> usize {
        self.client(market)["orders"].as_array().unwrap().len()
    }

    /// Those of them that are open.
    pub(crate) fn open_orders(&self, market: &str) -> usize {
        let open = |order: &&Value| order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
        self.client(market)["orders"].as_array().unwrap().iter().filter(open).count()
    }

    /// Position of the only client in the market's ETHUSDT.
    pub(crate) fn position(&self, market: &str) -> f64 {
        let client = self.client(market);
        let rows = client["positions"].as_array().unwrap();
        let row = rows.iter().find(|row| row["symbol"] == "ETHUSDT");
        row.map_or(0.0, |row| row["positionAmt"].as_str().unwrap().parse().unwrap())
    }

    /// A configuration whose orders go to these markets.
    pub(crate) fn config(&self, markets: &[&str], mode: &str) -> String {
        let mut text = format!("{QUOTER}\n[live]\nmode = \"{mode}\"\n");
        for market in markets {
            let (ws, http) = (self.url(market, "ws"), self.url(market, "http"));
            let api = if *market == "spot" { "/ws-api/v3" } else { "/ws-fapi/v1" };
            text += &format!(
                "[[live.venue]]\nmarket = \"{market}\"\nsymbols = [\"ETHUSDT\"]\nstream = \"{ws}\"\nrest = \"{http}\"\n\
                api = \"{ws}{api}\"\ncredentials = \"{NAME}\"\n"
            );
        }
        text
    }

    /// The keys of the only client: HMAC key and secret.
    pub(crate) fn keys(&self) -> [String; 2] {
        let hmac = &self.told["keys"][0]["hmac"];
        ["key", "secret"].map(|part| hmac[part].as_str().unwrap().to_owned())
    }

    /// A command that runs the engine in `folder`, with the client's keys in its environment.
    pub(crate) fn engine(&self, folder: &Path, arguments: &str) -> Command {
        let [key, secret] = self.keys();
        let mut command = Command::new(program());
        command.args(arguments.split_whitespace()).current_dir(folder);
        command.env(format!("{NAME}_KEY"), key).env(format!("{NAME}_SECRET"), secret);
        command
    }

    /// Runs the engine to its end.
    pub(crate) fn run(&self, folder: &Path, arguments: &str) -> Run {
        Run::of(&mut self.engine(folder, arguments)).unwrap()
    }
}

/// A program that runs beside the test until it ends by itself, is told to, or is dropped.
pub(crate) struct Running {
    child: Option<Child>,
}

impl Running {
    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { child: Some(child) }
    }

    /// Sends it a signal, by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Run {
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Lets so much time pass, for the other processes to do what they do.
pub(crate) fn wait(time: Duration) {
    let watch = Stopwatch::start();
    while let Some(left) = time.checked_sub(watch.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// Whether something comes true within so many milliseconds.
pub(crate) fn within(ms: u64, mut is_so: impl FnMut() -> bool) -> bool {
    let until = Stopwatch::start();
    while !is_so() {
        if until.elapsed().as_millis() >= u128::from(ms) {
            return false;
        }
        wait(Duration::from_millis(20));
    }
    true
}

impl Drop for Venue {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
