//! The watchdog's way to a venue: connections and a session of its own, which place no order and can cancel all there are.

use std::collections::VecDeque;

use ballast_model::{Event, Nanos, Span};
use ballast_venue::Now;
use ballast_venue::binance::trade::{Notice, Standing, TradeSession};
use ballast_wire::Network;

use super::links::{Lines, LinkPolicy, Urls, Way};
use super::rings::Numbers;
use super::trading::{Latch, Live, Private, trade_lines};

/// How often open orders are listed anew while there are any.
const LIST_EVERY: Span = Span::from_secs(1);

/// Stands by to cancel everything at one venue.
#[derive(Debug)]
pub struct Guard<N> {
    network: N,
    lines: Lines,
    live: Live,
    latch: Latch,
    /// When open orders are next listed; never before everything is cancelled.
    list_at: Nanos,
    backlog: VecDeque<(usize, Event)>,
}

impl<N: Network> Guard<N> {
    /// A guard whose connections are all still to be opened.
    #[must_use]
    pub fn new(network: N, session: TradeSession, urls: &Urls, policy: LinkPolicy) -> Self {
        let wanted = trade_lines(urls, 1);
        Self {
            network,
            lines: Lines::new(policy, wanted),
            live: Live::new(session),
            latch: Latch::Open,
            list_at: Nanos::MAX,
            backlog: VecDeque::new(),
        }
    }

    /// Takes what came in, sends what is to go out, and does what is due. Waits so long for something to come in.
    pub fn turn(&mut self, now: Now, patience: Span) {
        let Self { network, lines, live, latch, list_at, backlog } = self;
        // No shard listens.
        let mut told = Private { shards: &mut [], numbers: &Numbers::default(), backlog, trips: None };
        network.poll(patience, &mut |link, at, news| {
            lines.on_news(link, &news, at);
            if let Some(Way::Trade(channel)) = lines.way(link) {
                live.hear(channel, news, now.at(at), &mut told);
            }
        });
        let now = now.at(network.clock().max(now.mono));
        live.pass_time(*latch, now, &mut told);
        // A listing that goes on is not begun anew: it would never end.
        if now.mono >= *list_at && matches!(live.session().standing(), Standing::Whole(_)) {
            *list_at = now.mono + LIST_EVERY;
            live.session_mut().sweep(now);
        }
        live.transmit(lines, network, now, &mut told);
        lines.on_time(network, now.mono);
    }

    /// The next thing that an operator has to know of the session.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.live.session_mut().poll_notice()
    }

    /// Cancels everything, now and every second from now on, and lists what is open.
    pub fn cancel_everything(&mut self, now: Now) {
        self.latch = Latch::Killed;
        self.list_at = now.mono + LIST_EVERY;
        self.live.session_mut().sweep(now);
    }

    /// Whether the account is known: only then is it seen to be empty.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.live.session().standing(), Standing::Whole(_))
    }

    /// Whether no order was open by a list that was asked for after everything was first cancelled, and was whole after `since`.
    #[must_use]
    pub fn is_empty(&self, since: Nanos) -> bool {
        let session = self.live.session();
        matches!(session.standing(), Standing::Whole(at) if at >= since) && session.open_orders().is_empty()
    }

    /// Open orders as last listed.
    #[must_use]
    pub fn open_orders(&self) -> usize {
        self.live.session().open_orders().len()
    }
}
