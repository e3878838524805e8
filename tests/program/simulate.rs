//! `ballast simulate` as a program: what it says, what it refuses, and that clients reach it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use ballast_tests::program::program;
use serde_json::Value;

use crate::rig::Folder;

/// The body that a path answers with over plain HTTP.
fn get(address: &str, path: &str) -> Value {
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Starts the program, hands its first line to `meanwhile` and waits for its end.
fn with(arguments: &str, meanwhile: impl FnOnce(&Value)) {
    let mut command = Command::new(program());
    command.arg("simulate").args(arguments.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    meanwhile(&serde_json::from_str(&first).unwrap());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("requests"), "{said}");
}

#[test]
fn clients_reach_both_markets_and_it_stops_by_itself() {
    with("--json --for 3s --seed 3", |said| {
        for (market, path) in [("spot", "/api/v3/depth"), ("usdm", "/fapi/v1/depth")] {
            let mut all = said["markets"].as_array().unwrap().iter();
            let address = all.find(|one| one["market"] == market).unwrap()["http"].as_str().unwrap();
            let depth = get(address, &format!("{path}?symbol=ETHUSDT&limit=5"));
            assert_eq!(depth["bids"].as_array().unwrap().len(), 5, "{depth}");
            let state = get(address, "/simulator/state");
            assert_eq!((&state["market"], &state["carried"]["requests"]), (&market.into(), &1.into()));
        }
        assert_eq!(said["keys"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_signal_ends_it_in_order() {
    let mut command = Command::new(program());
    command.args(["simulate", "--json", "--for", "600s"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("spot: 0 requests") && said.contains("usdm: 0 requests"), "{said}");
}

#[test]
fn a_capture_is_played() {
    let folder = Folder::new();
    let capture = folder.path().join("futures.gz");
    with(&format!("--json --for 3s --capture {}", capture.display()), |said| {
        let [market] = said["markets"].as_array().unwrap().as_slice() else { panic!("{said}") };
        assert_eq!(market["market"], "usdm");
        let depth = get(market["http"].as_str().unwrap(), "/fapi/v1/depth?symbol=ETHUSDT&limit=5");
        assert_eq!(depth["asks"].as_array().unwrap().len(), 5, "{depth}");
    });
}

#[test]
fn what_cannot_be_used_is_named() {
    let folder = Folder::new();
    folder.write("faults.toml", "[[fault]]\nkind = \"gap\"\nrate = 2.0\n");
    for (arguments, code, told) in [
        ("simulate --faults faults.toml", 1, "faults.toml: fault[0].rate: must be above 0 and at most 1"),
        ("simulate --faults gone.toml", 1, "gone.toml: "),
        ("simulate --capture gone.gz", 4, "gone.gz"),
        ("simulate --capture nosnapshot.txt", 1, "nosnapshot.txt: no snapshot of the book"),
        ("simulate --speed 0", 2, "must be max, or a whole number from 1 to 10000"),
        ("simulate --ca ca.pem", 2, "--tls"),
        ("simulate --capture spot.txt --seed 1", 2, "--seed"),
        ("simulate --address 203.0.113.1 --for 1s", 1, "cannot listen at 203.0.113.1:0 for spot"),
    ] {
        let run = folder.expect(code, arguments);
        assert!(run.err.contains(told), "{arguments}: {}", run.err);
    }
}
