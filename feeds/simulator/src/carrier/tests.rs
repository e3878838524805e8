use super::*;
use crate::faults::FaultsFile;
use crate::seam::{Mischief, Regrid};

const SUBSCRIBED: &str = r#"{"id":1,"status":200,"result":{"subscriptionId":0}}"#;
const NEWS: &str = r#"{"subscriptionId":0,"event":{"e":"executionReport"}}"#;
const ANSWER: &str = r#"{"id":2,"status":200,"result":{}}"#;

/// A venue that says every text it hears.
#[derive(Debug, Default)]
struct Echo(VecDeque<Transmit>);

impl Front for Echo {
    fn on_http(&mut self, call: CallId, _: &HttpRequest, _: Nanos) {
        self.0.push_back(Transmit::Reply(call, HttpReply::default()));
    }
    fn on_upgrade(&mut self, _: ConnId, _: &HttpRequest, _: Nanos) -> Result<(), HttpReply> {
        Ok(())
    }
    fn on_text(&mut self, conn: ConnId, text: &[u8], _: Nanos) {
        self.0.push_back(Transmit::Frame(conn, Frame::Text(text.to_vec())));
    }
    fn on_ping(&mut self, _: ConnId, _: Nanos) {}
    fn on_pong(&mut self, _: ConnId, _: Nanos) {}
    fn on_close(&mut self, _: ConnId, _: Nanos) {}
    fn next_deadline(&self) -> Option<Nanos> {
        None
    }
    fn on_time(&mut self, _: Nanos) {}
    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.0.pop_front()
    }
    fn provoke(&mut self, _: Mischief, _: Nanos) {}
    fn fits(&self, _: &Regrid) -> Result<(), String> {
        Ok(())
    }
    fn truth(&self) -> String {
        String::new()
    }
}

const NOW: Nanos = Nanos(1_000_000_000);

fn carrier(rules: &str) -> Carrier<Echo> {
    let faults = Faults::new(&FaultsFile::parse(rules).unwrap(), NOW);
    Carrier::new(Echo::default(), Rc::new(RefCell::new(faults)))
}

fn open(carrier: &mut Carrier<Echo>) -> ConnId {
    let path = "/ws-api/v3".to_owned();
    carrier.open_socket(&HttpRequest { path, ..HttpRequest::default() }, NOW).unwrap()
}

/// How many frames there are to a text.
fn frames(carrier: &mut Carrier<Echo>, conn: ConnId, text: &str) -> usize {
    carrier.text(conn, text.as_bytes(), NOW);
    let mut out = Vec::new();
    carrier.take(conn, NOW, &mut out, usize::MAX);
    out.len()
}

#[test]
fn news_of_an_account_are_its_stream_s_on_the_websocket_api_too() {
    for (on, news, answer) in [("user", 2, 1), ("api", 1, 2), ("market", 1, 1), ("all", 2, 2)] {
        let mut carrier = carrier(&format!("[[fault]]\nkind = \"duplicate\"\non = \"{on}\"\nfor = \"1s\"\n"));
        let conn = open(&mut carrier);
        let got = [NEWS, ANSWER].map(|text| frames(&mut carrier, conn, text));
        assert_eq!(got, [news, answer], "{on}");
    }
}

#[test]
fn a_connection_that_tells_of_an_account_is_one_of_its_streams() {
    let mut carrier = carrier("[[fault]]\nkind = \"half-open\"\non = \"user\"\n");
    let (tells, other) = (open(&mut carrier), open(&mut carrier));
    assert_eq!(frames(&mut carrier, tells, SUBSCRIBED), 1);
    assert_eq!(frames(&mut carrier, other, ANSWER), 1);
    carrier.on_time(NOW);
    assert_eq!(frames(&mut carrier, tells, ANSWER), 0);
    assert_eq!(frames(&mut carrier, other, ANSWER), 1);
}
