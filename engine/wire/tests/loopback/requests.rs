//! HTTP requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use ballast_wire::{Closed, HttpSend, LinkKind, Network, Options, Refused};

use crate::rig::{Client, Heard, LINK, serve};

fn get(target: &str) -> HttpSend<'_> {
    HttpSend { method: "GET", target, headers: &[("X-Key", "k")], body: b"" }
}

fn reply(status: u16, body: &str) -> Heard {
    Heard::Reply { status, retry_after: None, used: [None; 2], body: body.as_bytes().to_vec() }
}

/// The next request: its lines, and its body.
fn request(stream: &mut BufReader<TcpStream>) -> (String, String) {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "no request came");
        if let Some(digits) = line.strip_prefix("Content-Length: ") {
            length = digits.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn requests_are_answered_in_order_one_at_a_time() {
    let server = serve(|stream| {
        let mut stream = BufReader::new(stream);
        let mut heads = Vec::new();
        for (number, answer) in ["2\r\n{}\r\n0\r\n\r\n", "1\r\nb\r\n0\r\n\r\n"].into_iter().enumerate() {
            heads.push(request(&mut stream));
            assert!(stream.buffer().is_empty(), "the next request waits for this answer");
            let head = format!("HTTP/1.1 20{number} OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            stream.get_mut().write_all(&[head.as_bytes(), answer.as_bytes()].concat()).unwrap();
        }
        heads.push(request(&mut stream));
        let last =
            b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nX-MBX-USED-WEIGHT-1M: 6000\r\nConnection: close\r\n\
            Content-Length: 1\r\n\r\n!";
        stream.get_mut().write_all(last).unwrap();
        heads
    });
    let mut client = Client::opened(LinkKind::Http, &server.url("http"), Options::default());
    client.net.request(LINK, &get("/1?a=b")).unwrap();
    client.net.request(LINK, &HttpSend { method: "POST", body: b"x=y", ..get("/2") }).unwrap();
    client.net.request(LINK, &get("/3")).unwrap();
    assert_eq!(client.net.request(LINK, &get("/4\r\nX: y")), Err(Refused::Malformed));
    assert_eq!(client.net.send(LINK, b"x"), Err(Refused::NotOpen));
    assert_eq!(client.net.ping(LINK), Err(Refused::NotOpen));
    client.ends(5, Closed::ByPeer(0));
    let slow =
        Heard::Reply { status: 429, retry_after: Some(3), used: [Some(6000), None], body: b"!".to_vec() };
    assert_eq!(client.heard[1..4], [reply(200, "{}"), reply(201, "b"), slow]);
    let heads = server.outcome();
    assert!(heads[0].0.starts_with("GET /1?a=b HTTP/1.1\r\nHost: 127.0.0.1:"), "{heads:?}");
    assert!(heads[0].0.ends_with("X-Key: k\r\n"), "{heads:?}");
    assert_eq!(heads[1].1, "x=y");
}

#[test]
fn a_body_of_megabytes_comes_whole() {
    let body = "0123456789".repeat(500_000);
    let told = body.clone();
    let server = serve(move |stream| {
        let mut stream = BufReader::new(stream);
        request(&mut stream);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", told.len());
        stream.get_mut().write_all(&[head.as_bytes(), told.as_bytes()].concat()).unwrap();
    });
    let mut client = Client::opened(LinkKind::Http, &server.url("http"), Options::default());
    client.net.request(LINK, &get("/")).unwrap();
    client.until(3);
    assert!(client.heard[1..] == [reply(200, &body), Heard::Closed(Closed::ByPeer(0))]);
    server.outcome();
}

#[test]
fn a_reply_that_the_end_ends_is_told() {
    let server = serve(|stream| {
        let mut stream = BufReader::new(stream);
        request(&mut stream);
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\nuntil the end").unwrap();
    });
    let mut client = Client::opened(LinkKind::Http, &server.url("http"), Options::default());
    client.net.request(LINK, &get("/")).unwrap();
    client.ends(3, Closed::ByPeer(0));
    assert_eq!(client.heard[1], reply(200, "until the end"));
    server.outcome();
}

#[test]
fn closing_waits_for_the_answers_that_are_due() {
    let server = serve(|stream| {
        let mut stream = BufReader::new(stream);
        for _ in 0..2 {
            request(&mut stream);
            stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    });
    let mut client = Client::opened(LinkKind::Http, &server.url("http"), Options::default());
    client.net.request(LINK, &get("/")).unwrap();
    client.net.request(LINK, &get("/")).unwrap();
    client.net.close(LINK);
    assert_eq!(client.net.request(LINK, &get("/")), Err(Refused::NotOpen));
    client.ends(4, Closed::ByUs);
    assert_eq!(client.heard[1..3], [reply(200, "ok"), reply(200, "ok")]);
    server.outcome();
}

#[test]
fn a_queue_of_requests_is_bounded() {
    let server = serve(|mut stream| while stream.read(&mut [0; 99]).is_ok_and(|read| read > 0) {});
    let options = Options { requests_limit: 2, waiting_limit: 1_000, ..Options::default() };
    let mut client = Client::opened(LinkKind::Http, &server.url("http"), options);
    let long = "/".repeat(1_000);
    assert_eq!(client.net.request(LINK, &get(&long)), Err(Refused::Full));
    for _ in 0..3 {
        client.net.request(LINK, &get("/")).unwrap();
    }
    assert_eq!(client.net.request(LINK, &get("/")), Err(Refused::Full));
}

#[test]
fn what_nobody_asked_for_breaks_the_connection() {
    let server = serve(|mut stream| {
        stream.write_all(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").unwrap();
        stream.read(&mut [0]).unwrap_or_default()
    });
    let mut client = Client::opened(LinkKind::Http, &server.url("http"), Options::default());
    client.ends(2, Closed::Broken);
    server.outcome();
}
