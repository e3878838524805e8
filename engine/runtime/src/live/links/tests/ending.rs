//! Connections that end, or never stood.

use ballast_wire::{Closed, HttpSend, Pulse, Refused};

use super::super::*;

/// Counts what is opened and closed, and tells nothing.
#[derive(Default)]
struct Counting {
    opened: usize,
    closed: usize,
}

impl Network for Counting {
    fn open(&mut self, _: Link, _: &Address) {
        self.opened += 1;
    }
    fn close(&mut self, _: Link) {
        self.closed += 1;
    }
    fn send(&mut self, _: Link, _: &[u8]) -> Result<(), Refused> {
        Ok(())
    }
    fn request(&mut self, _: Link, _: &HttpSend<'_>) -> Result<(), Refused> {
        Ok(())
    }
    fn ping(&mut self, _: Link) -> Result<(), Refused> {
        Ok(())
    }
    fn pulse(&self, _: Link) -> Option<Pulse> {
        None
    }
    fn poll(&mut self, _: Span, _: &mut dyn FnMut(Link, Nanos, News<'_>)) {}
    fn clock(&self) -> Nanos {
        Nanos(0)
    }
}

fn lines() -> Lines {
    let (way, kind) = (Way::Market(Channel::Market(0)), LinkKind::WebSocket);
    let wanted = Wanted { way, kind, talk: Talk::Steady, url: "ws://venue".to_owned(), kin: None };
    Lines::new(LinkPolicy::DEFAULT, vec![wanted])
}

fn at(secs: i64) -> Nanos {
    Nanos(0) + Span::from_secs(secs)
}

/// A network tells nothing of the end of a connection that never stood: see [`Network::close`].
#[test]
fn what_never_stood_is_given_up_and_tried_again() {
    let (mut lines, mut network) = (lines(), Counting::default());
    lines.on_time(&mut network, at(0));
    assert_eq!(lines.next_deadline(), Some(at(10)));
    lines.on_time(&mut network, at(10));
    let retry = at(10) + LinkPolicy::DEFAULT.back_off_min;
    assert_eq!((network.opened, network.closed, lines.next_deadline()), (1, 1, Some(retry)));
    lines.on_time(&mut network, retry);
    assert_eq!((network.opened, network.closed, lines.lost), (2, 1, 0));
}

#[test]
fn what_fell_silent_is_closed_once_and_nothing_spins_until_it_is() {
    let (mut lines, mut network) = (lines(), Counting::default());
    lines.on_time(&mut network, at(0));
    lines.on_news(Link(0), &News::Opened, at(1));
    lines.on_time(&mut network, at(11));
    assert_eq!(network.closed, 1);
    assert!(lines.next_deadline().is_some_and(|next| next > at(11)));
    assert_eq!(lines.standing(Way::Market(Channel::Market(0))), None);
    // Where the news of its end never comes it is closed again.
    lines.on_time(&mut network, at(16));
    assert_eq!(network.closed, 2);
    lines.on_news(Link(0), &News::Closed(Closed::ByUs), at(17));
    assert_eq!((lines.lost, network.opened), (1, 1));
    lines.on_time(&mut network, at(18));
    assert_eq!(network.opened, 2);
}
