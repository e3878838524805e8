//! A network whose other side is a synthetic market.

use std::collections::VecDeque;

use ballast_model::{Nanos, Span};
use ballast_tests::market::{Line, snapshot_after};
use ballast_wire::{Address, Closed, HttpSend, Link, LinkKind, Network, News, Pulse, Refused};

/// A network that plays the recording of one market, and breaks when told.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) now: Nanos,
    lines: Vec<Line>,
    /// Of the next line.
    at: usize,
    /// The connection over which the book was asked for.
    asked: Option<Link>,
    links: Vec<(LinkKind, bool)>,
    changes: VecDeque<(Link, Option<Closed>)>,
    pub(crate) sent: Vec<String>,
    /// Over which connection the market is heard once more, and how much later.
    copy: Option<(Link, Span)>,
    /// Of the next line over it.
    copy_at: usize,
}

impl Played {
    /// The market without its own snapshot: that is made for whoever asks.
    pub(crate) fn new(mut lines: Vec<Line>) -> Self {
        lines.retain(|line| {
            line.frame.starts_with("{\"stream\"") || line.frame.starts_with("{\"lastUpdateId\"")
        });
        Self {
            now: lines[0].time,
            lines,
            at: 0,
            asked: None,
            links: Vec::new(),
            changes: VecDeque::new(),
            sent: Vec::new(),
            copy: None,
            copy_at: 0,
        }
    }

    /// The market is heard over this connection too, so much later.
    pub(crate) fn copied(self, link: Link, behind: Span) -> Self {
        Self { copy: Some((link, behind)), ..self }
    }

    /// Every diff has a bid that lies between two ticks besides.
    pub(crate) fn strayed(mut self) -> Self {
        let diffs = self.lines.iter_mut().filter(|line| line.frame.contains("depthUpdate"));
        diffs.for_each(|line| line.frame = line.frame.replacen("\"b\":[[", "\"b\":[[\"1.005\",\"1\"],[", 1));
        self
    }

    /// When the market next says something.
    pub(crate) fn next_at(&self) -> Option<Nanos> {
        self.lines.get(self.at).map(|line| line.time)
    }

    /// Every connection ends, as if the way were cut, or only this one.
    pub(crate) fn cut(&mut self, only: Option<Link>) {
        for (link, (_, open)) in (0..).map(Link).zip(&mut self.links) {
            if only.is_none_or(|only| only == link) && core::mem::take(open) {
                self.changes.push_back((link, Some(Closed::Broken)));
            }
        }
    }

    fn poll_copy(&mut self, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        let Some((link, behind)) = self.copy else { return };
        while let Some(line) = self.lines.get(self.copy_at).filter(|line| line.time + behind <= self.now) {
            if self.is_open(link) && line.frame.starts_with("{\"stream\"") {
                heard(link, self.now, News::Text(line.frame.as_bytes()));
            }
            self.copy_at += 1;
        }
    }

    fn is_open(&self, link: Link) -> bool {
        self.links.get(usize::from(link.0)).is_some_and(|(_, open)| *open)
    }

    /// True once the market has said what its book is: before, nobody can be told.
    fn has_book(&self) -> bool {
        self.lines[..self.at].iter().any(|line| line.frame.starts_with("{\"lastUpdateId\""))
    }
}

impl Network for Played {
    fn open(&mut self, link: Link, address: &Address) {
        let at = usize::from(link.0);
        if self.links.len() <= at {
            self.links.resize(at + 1, (LinkKind::Http, false));
        }
        self.links[at] = (address.kind, true);
        self.changes.push_back((link, None));
    }

    fn close(&mut self, link: Link) {
        if core::mem::take(&mut self.links[usize::from(link.0)].1) {
            self.changes.push_back((link, Some(Closed::ByUs)));
        }
    }

    fn send(&mut self, _: Link, text: &[u8]) -> Result<(), Refused> {
        self.sent.push(String::from_utf8(text.to_vec()).unwrap());
        Ok(())
    }

    fn request(&mut self, link: Link, request: &HttpSend<'_>) -> Result<(), Refused> {
        self.sent.push(request.target.to_owned());
        self.asked = Some(link);
        Ok(())
    }

    fn ping(&mut self, _: Link) -> Result<(), Refused> {
        Ok(())
    }

    fn pulse(&self, link: Link) -> Option<Pulse> {
        self.is_open(link).then_some(Pulse { heard: self.now, round_trip: None })
    }

    fn poll(&mut self, _: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        while let Some((link, closed)) = self.changes.pop_front() {
            heard(link, self.now, closed.map_or(News::Opened, News::Closed));
        }
        while self.next_at().is_some_and(|at| at <= self.now) {
            let frame = &self.lines[self.at].frame;
            if self.is_open(Link(0)) && frame.starts_with("{\"stream\"") {
                heard(Link(0), self.now, News::Text(frame.as_bytes()));
            }
            self.at += 1;
        }
        self.poll_copy(heard);
        let has_book = self.has_book();
        if let Some(link) = self.asked.take_if(|_| has_book)
            && self.is_open(link)
        {
            let body = snapshot_after(&self.lines, self.at - 1).frame;
            let body = body.as_bytes();
            heard(link, self.now, News::Reply { status: 200, retry_after: None, used: [None; 2], body });
        }
    }

    fn clock(&self) -> Nanos {
        self.now
    }
}
