use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use ballast_model::Span;

use super::super::Tls;
use super::*;
use crate::carrier::WAITING_MAX;
use crate::seam::{Mischief, Regrid, Transmit};

/// Answers every request with its path and every text with itself; counts what it hears.
#[derive(Default)]
struct Echo {
    out: VecDeque<Transmit>,
    heard: Rc<RefCell<Vec<String>>>,
}

impl Front for Echo {
    fn on_http(&mut self, call: CallId, request: &HttpRequest, _: Nanos) {
        self.heard.borrow_mut().push(request.path.clone());
        let body = request.path.clone().into_bytes();
        self.out.push_back(Transmit::Reply(call, HttpReply { status: 200, headers: Vec::new(), body }));
    }
    fn on_upgrade(&mut self, _: ConnId, request: &HttpRequest, _: Nanos) -> Result<(), HttpReply> {
        if request.path == "/no" { Err(HttpReply { status: 404, ..HttpReply::default() }) } else { Ok(()) }
    }
    fn on_text(&mut self, conn: ConnId, text: &[u8], _: Nanos) {
        self.heard.borrow_mut().push(String::from_utf8_lossy(text).into_owned());
        self.out.push_back(Transmit::Frame(conn, Frame::Text(text.to_vec())));
    }
    fn on_ping(&mut self, _: ConnId, _: Nanos) {}
    fn on_pong(&mut self, _: ConnId, _: Nanos) {}
    fn on_close(&mut self, _: ConnId, _: Nanos) {
        self.heard.borrow_mut().push("closed".to_owned());
    }
    fn next_deadline(&self) -> Option<Nanos> {
        None
    }
    fn on_time(&mut self, _: Nanos) {}
    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }
    fn provoke(&mut self, _: Mischief, _: Nanos) {
        self.heard.borrow_mut().push("provoked".to_owned());
    }
    fn fits(&self, regrid: &Regrid) -> Result<(), String> {
        if regrid.symbol == "ETHUSDT" { Ok(()) } else { Err("not traded here".to_owned()) }
    }
    fn truth(&self) -> String {
        "{}".to_owned()
    }
}

struct Rig {
    hub: Hub,
    heard: Rc<RefCell<Vec<String>>>,
    now: Rc<Cell<Nanos>>,
}

fn rig(rules: &str) -> Rig {
    let now = Rc::new(Cell::new(Nanos(1_000_000_000)));
    let faults = Rc::new(RefCell::new(Faults::new(&FaultsFile::parse(rules).unwrap(), now.get())));
    let heard = Rc::new(RefCell::new(Vec::new()));
    let front = Box::new(Echo { out: VecDeque::new(), heard: Rc::clone(&heard) });
    let clock = Rc::clone(&now);
    let spec = ServeSpec {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        tls: Tls::No,
        pace: Pace::Clocked,
        stops_after: None,
        clock: Rc::new(move || clock.get()),
        on_fault: Rc::new(|_, _| {}),
    };
    let hub = Hub::new(Market { name: "spot", front, faults, port: 0, tls_port: 0 }, &spec);
    Rig { hub, heard, now }
}

impl Rig {
    fn open(&self, path: &str) -> ConnId {
        let request = HttpRequest { path: path.to_owned(), ..HttpRequest::default() };
        self.hub.open_socket(&request).unwrap().0
    }

    /// What goes out now, as text; `None` where the connection is gone.
    fn out(&self, conn: ConnId) -> Option<Vec<String>> {
        let mut frames = Vec::new();
        self.hub.take(conn, &mut frames, usize::MAX)?;
        let text = |frame: &Frame| {
            if let Frame::Text(text) = frame {
                return String::from_utf8_lossy(text).into_owned();
            }
            format!("{frame:?}")
        };
        Some(frames.iter().map(text).collect())
    }
}

const ORDER: &[u8] = br#"{"id":7,"method":"order.place"}"#;

#[test]
fn texts_and_requests_go_through_and_come_back() {
    let rig = rig("");
    let conn = rig.open("/ws-api/v3");
    rig.hub.text(conn, ORDER);
    assert_eq!(rig.out(conn).unwrap(), [String::from_utf8_lossy(ORDER)]);
    let request = HttpRequest { path: "/api/v3/time".to_owned(), ..HttpRequest::default() };
    let (reply, late) = rig.hub.call(request).try_recv().unwrap();
    assert_eq!((reply.body, late), (b"/api/v3/time".to_vec(), Duration::ZERO));
    let refused = HttpRequest { path: "/no".to_owned(), ..HttpRequest::default() };
    assert_eq!(rig.hub.open_socket(&refused).unwrap_err().status, 404);
    assert_eq!(rig.hub.open(), 1);
    rig.hub.closed(conn);
    rig.hub.closed(conn);
    assert_eq!(rig.heard.borrow().iter().filter(|heard| *heard == "closed").count(), 1);
    assert!(rig.out(conn).is_none());
}

#[test]
fn an_order_over_the_api_is_lost_or_masked() {
    let rig = rig("[[fault]]\nkind = \"timeout-lost\"\n[[fault]]\nkind = \"timeout-executed\"\n");
    let conn = rig.open("/ws-api/v3");
    rig.hub.text(conn, ORDER);
    assert!(rig.heard.borrow().is_empty());
    assert!(rig.out(conn).unwrap()[0].contains("-1007"));
    rig.hub.text(conn, ORDER);
    assert_eq!(rig.heard.borrow().len(), 1);
    assert!(rig.out(conn).unwrap()[0].contains(r#""id":7,"status":408"#));
    rig.hub.text(conn, ORDER);
    assert_eq!(rig.out(conn).unwrap(), [String::from_utf8_lossy(ORDER)]);
}

#[test]
fn a_request_is_lost_or_masked_or_late() {
    let rules = "[[fault]]\nkind = \"unavailable-lost\"\n[[fault]]\nkind = \"unavailable-executed\"\n\
        [[fault]]\nkind = \"late-ack\"\nby = \"300ms\"\nat = \"1s\"\n";
    let rig = rig(rules);
    let order = || HttpRequest {
        method: "POST".to_owned(),
        path: "/api/v3/order".to_owned(),
        ..HttpRequest::default()
    };
    assert_eq!(rig.hub.call(order()).try_recv().unwrap().0.status, 503);
    assert!(rig.heard.borrow().is_empty());
    assert_eq!(rig.hub.call(order()).try_recv().unwrap().0.status, 503);
    assert_eq!(rig.heard.borrow().len(), 1);
    rig.now.set(rig.now.get() + Span::from_secs(1));
    let (reply, late) = rig.hub.call(order()).try_recv().unwrap();
    assert_eq!((reply.status, late), (200, Duration::from_millis(300)));
}

#[test]
fn half_open_connections_say_and_hear_nothing_and_stay() {
    let rig = rig("[[fault]]\nkind = \"half-open\"\non = \"market\"\n");
    let (market, api) = (rig.open("/ws/ethusdt@trade"), rig.open("/ws-api/v3"));
    rig.hub.on_time(rig.hub.now());
    for conn in [market, api] {
        rig.hub.text(conn, b"{}");
    }
    assert_eq!(rig.out(market).unwrap(), Vec::<String>::new());
    assert_eq!(rig.out(api).unwrap(), ["{}"]);
    assert_eq!((rig.hub.open(), rig.heard.borrow().len()), (2, 1));
}

#[test]
fn a_disconnect_cuts_without_a_word_and_delays_hold_up_what_is_behind() {
    let rules = "[[fault]]\nkind = \"delay\"\nby = \"20ms\"\n[[fault]]\nkind = \"disconnect\"\nat = \"1s\"\n";
    let rig = rig(rules);
    let conn = rig.open("/ws/ethusdt@trade");
    rig.hub.text(conn, b"1");
    rig.hub.text(conn, b"2");
    assert!(rig.out(conn).unwrap().is_empty());
    let mut frames = Vec::new();
    let due = rig.now.get() + Span::from_millis(20);
    assert_eq!(rig.hub.take(conn, &mut frames, usize::MAX), Some(Some(due)));
    rig.now.set(due);
    assert_eq!(rig.out(conn).unwrap(), ["1", "2"]);
    assert_eq!(rig.hub.next_deadline(due), Some(Nanos(2_000_000_000)));
    rig.now.set(Nanos(2_000_000_000));
    rig.hub.on_time(rig.hub.now());
    assert_eq!(rig.out(conn).unwrap(), ["Cut"]);
}

#[test]
fn who_does_not_read_is_cut() {
    let rig = rig("");
    let conn = rig.open("/ws/ethusdt@trade");
    let long = vec![b'x'; WAITING_MAX / 4];
    (0..5).for_each(|_| rig.hub.text(conn, &long));
    assert_eq!(rig.out(conn).unwrap(), ["Cut"]);
    assert_eq!(rig.hub.carried().too_slow, 1);
}

#[test]
fn the_venue_itself_is_provoked_and_rules_can_be_replaced() {
    let rig = rig("");
    rig.hub.set_faults("[[fault]]\nkind = \"shutdown-notice\"\n").unwrap();
    rig.hub.on_time(rig.hub.now());
    assert_eq!(*rig.heard.borrow(), ["provoked"]);
    assert!(rig.hub.set_faults("kind = 1").is_err());
}
