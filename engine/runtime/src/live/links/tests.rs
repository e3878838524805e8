mod ending;

use std::collections::BTreeMap;

use ballast_wire::{Closed, HttpSend, Pulse, Refused};

use super::*;

/// Connections that stand as soon as they are opened, where the venue lets them.
#[derive(Debug, Default)]
struct Net {
    now: Nanos,
    refuses: bool,
    /// Connections stand, and are ended at once.
    ends: bool,
    /// Those that say nothing.
    silent: Vec<u8>,
    news: Vec<(Link, Option<Closed>)>,
    opened: BTreeMap<u8, Vec<Nanos>>,
    /// By number, how long an answer takes, and whether one was pinged.
    takes: BTreeMap<u8, (Span, bool)>,
    standing: BTreeMap<u8, bool>,
}

impl Network for Net {
    fn open(&mut self, link: Link, _: &Address) {
        self.opened.entry(link.0).or_default().push(self.now);
        self.standing.insert(link.0, !self.refuses);
        self.news.push((link, self.refuses.then_some(Closed::Broken)));
        if self.ends {
            self.news.push((link, Some(Closed::Broken)));
        }
    }

    fn close(&mut self, link: Link) {
        self.standing.insert(link.0, false);
        self.news.push((link, Some(Closed::ByUs)));
    }

    fn send(&mut self, _: Link, _: &[u8]) -> Result<(), Refused> {
        Ok(())
    }

    fn request(&mut self, _: Link, _: &HttpSend<'_>) -> Result<(), Refused> {
        Ok(())
    }

    fn ping(&mut self, link: Link) -> Result<(), Refused> {
        if let Some((_, pinged)) = self.takes.get_mut(&link.0) {
            *pinged = true;
        }
        Ok(())
    }

    fn pulse(&self, link: Link) -> Option<Pulse> {
        let (took, _) = self.takes.get(&link.0).filter(|(_, pinged)| *pinged)?;
        Some(Pulse { heard: self.now, round_trip: Some(*took) })
    }

    fn poll(&mut self, _: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        for (link, closed) in std::mem::take(&mut self.news) {
            heard(link, self.now, closed.map_or(News::Opened, News::Closed));
        }
    }

    fn clock(&self) -> Nanos {
        self.now
    }
}

fn books(number: u8, kin: Option<u8>) -> Wanted {
    let (kind, talk) = (LinkKind::WebSocket, Talk::Steady);
    Wanted { way: Way::Market(Channel::Market(number)), kind, talk, url: String::new(), kin }
}

/// Turns until `end`, at every deadline and every second; `each` sees how many stand.
fn turn(lines: &mut Lines, net: &mut Net, end: Nanos, mut each: impl FnMut(Nanos, usize)) {
    while net.now < end {
        lines.on_time(net, net.now);
        net.poll(Span::ZERO, &mut |link, at, news| lines.on_news(link, &news, at));
        let up: Vec<_> = lines.states().filter(|(.., state)| *state == LinkState::Up).collect();
        each(net.now, up.len());
        for link in
            up.iter().map(|(link, ..)| *link).filter(|link| !net.silent.contains(&link.0)).collect::<Vec<_>>()
        {
            lines.on_news(link, &News::Text(b"{}"), net.now);
        }
        let next = net.now + Span::from_secs(1);
        net.now = lines.next_deadline().map_or(next, |at| at.clamp(net.now + Span(1), next));
    }
}

const AGE: Span = Span::from_secs(1_000);

fn policy() -> LinkPolicy {
    LinkPolicy { age_max: AGE, ..LinkPolicy::DEFAULT }
}

#[test]
fn of_those_that_carry_the_same_one_at_a_time_is_made_anew_for_its_age() {
    for copies in [2, 3, 4] {
        let wanted = (0..copies).map(|number| books(number, Some(0))).collect();
        let (mut lines, mut net) = (Lines::new(policy(), wanted), Net::default());
        turn(&mut lines, &mut net, Nanos(0) + AGE + AGE + AGE, |now, up| {
            assert!(
                up + 1 >= usize::from(copies) || now < Nanos(0) + Span::from_secs(1),
                "{up} stand at {now:?}"
            );
        });
        let renewed: Vec<_> = net.opened.values().flat_map(|times| &times[1..]).copied().collect();
        assert!(renewed.len() >= 2 * usize::from(copies), "{:?}", net.opened);
        let mut sorted = renewed;
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= RENEWED_APART), "{sorted:?}");
        assert!(sorted[0] < Nanos(0) + AGE + Span::from_secs(2), "{sorted:?}");
    }
}

#[test]
fn one_that_carries_something_else_does_not_wait_for_it() {
    let (mut lines, mut net) =
        (Lines::new(policy(), vec![books(0, Some(0)), books(1, Some(1)), books(2, None)]), Net::default());
    turn(&mut lines, &mut net, Nanos(0) + AGE + Span::from_secs(10), |_, _| {});
    let renewed = net.opened.values().map(|times| times[1]).collect::<Vec<_>>();
    assert!(renewed.iter().all(|at| *at < Nanos(0) + AGE + Span::from_secs(1)), "{renewed:?}");
}

#[test]
fn while_one_is_away_the_other_outlives_its_age_but_not_its_silence() {
    let (mut lines, mut net) =
        (Lines::new(policy(), vec![books(0, Some(0)), books(1, Some(0))]), Net::default());
    turn(&mut lines, &mut net, Nanos(0) + Span::from_secs(900), |_, _| {});
    (net.silent, net.refuses) = (vec![0], true);
    turn(&mut lines, &mut net, Nanos(0) + AGE + AGE, |_, _| {});
    assert!(net.opened[&0].len() > 5 && net.opened[&1].len() == 1, "{:?}", net.opened);
    net.silent = vec![0, 1];
    turn(&mut lines, &mut net, Nanos(0) + AGE + AGE + AGE, |_, _| {});
    assert!(net.opened[&1].len() > 5, "{:?}", net.opened);
}

#[test]
fn a_venue_that_ends_what_it_takes_is_asked_less_and_less() {
    let (mut lines, mut net) =
        (Lines::new(policy(), vec![books(0, None)]), Net { ends: true, ..Net::default() });
    turn(&mut lines, &mut net, Nanos(0) + Span::from_secs(25), |_, _| {});
    assert_eq!(net.opened[&0].len(), 7, "{:?}", net.opened);
    net.ends = false;
    turn(&mut lines, &mut net, Nanos(0) + Span::from_secs(600), |_, _| {});
    let stood = net.opened[&0].len();
    net.news.push((Link(0), Some(Closed::Broken)));
    turn(&mut lines, &mut net, Nanos(0) + Span::from_secs(603), |_, _| {});
    assert_eq!(net.opened[&0].len(), stood + 1, "one that stood for long is made anew at once");
}

#[test]
fn attempts_stay_below_what_venues_allow() {
    let wanted = (0..12).map(|number| books(number, None)).collect();
    let policy = LinkPolicy { back_off_max: LinkPolicy::DEFAULT.back_off_min, ..LinkPolicy::DEFAULT };
    let (mut lines, mut net) = (Lines::new(policy, wanted), Net { refuses: true, ..Net::default() });
    turn(&mut lines, &mut net, Nanos(0) + Span::from_secs(1_000), |_, _| {});
    let mut attempts: Vec<_> = net.opened.values().flatten().copied().collect();
    attempts.sort_unstable();
    let five_minutes = Span::from_secs(300);
    let within = |(at, first): (usize, &Nanos)| {
        attempts[at..].iter().take_while(|other| **other - *first < five_minutes).count()
    };
    let most = attempts.iter().enumerate().map(within).max().unwrap();
    assert!((250..=260).contains(&most), "{most} of 300");
    assert!(net.opened.values().all(|times| times.len() > 20), "each has its turn");
}

fn orders(net: &Net) -> Lines {
    let line = |_| Wanted {
        way: Way::Trade(Channel::Api),
        kind: LinkKind::WebSocket,
        talk: Talk::Pinged,
        url: String::new(),
        kin: None,
    };
    Lines::new(LinkPolicy::DEFAULT, net.takes.keys().map(line).collect())
}

/// Turns until one is kept; it, and how long that took.
fn run_race(lines: &mut Lines, net: &mut Net) -> (Link, Span) {
    let begin = net.now;
    for _ in 0..1_000 {
        lines.on_time(net, net.now);
        net.poll(Span::ZERO, &mut |link, at, news| {
            lines.on_news(link, &news, at);
            assert_eq!(lines.way(link), None, "nothing runs over one that runs");
        });
        assert_eq!(lines.standing(Way::Trade(Channel::Api)), None);
        if let Some(way) = lines.race(net, net.now) {
            assert_eq!(way, Way::Trade(Channel::Api));
            return (lines.standing(way).unwrap(), net.now - begin);
        }
        net.now = lines.next_deadline().unwrap().max(net.now + Span(1));
    }
    panic!("none is kept")
}

fn takes(millis: [i64; 3]) -> BTreeMap<u8, (Span, bool)> {
    (0..).zip(millis.map(|millis| (Span::from_millis(millis), false))).collect()
}

#[test]
fn the_fastest_of_several_is_kept_and_all_run_again_once_it_ends() {
    let mut net = Net { takes: takes([9, 4, 7]), ..Net::default() };
    let mut lines = orders(&net);
    assert_eq!(run_race(&mut lines, &mut net), (Link(1), Span::from_secs(1)));
    net.poll(Span::ZERO, &mut |link, at, news| lines.on_news(link, &news, at));
    assert_eq!(net.standing, BTreeMap::from([(0, false), (1, true), (2, false)]));
    assert_eq!(
        lines.states().map(|(link, _, state)| (link, state)).collect::<Vec<_>>(),
        [(Link(1), LinkState::Up)]
    );
    assert_eq!(lines.lost, 0, "those that were not kept are not lost");
    let now = net.now;
    lines.on_time(&mut net, now);
    assert!(net.news.is_empty() && net.opened[&0].len() == 1, "nobody runs while it stands");
    net.takes = takes([3, 4, 7]);
    net.close(Link(1));
    net.poll(Span::ZERO, &mut |link, at, news| {
        lines.on_news(link, &news, at);
        assert_eq!(lines.way(link), Some(Way::Trade(Channel::Api)), "its end is told");
    });
    assert_eq!((lines.race(&mut net, now), lines.lost), (None, 1));
    let wait = LinkPolicy::DEFAULT.back_off_min;
    assert_eq!(run_race(&mut lines, &mut net), (Link(0), Span(wait.0 + Span::from_secs(1).0)));
    assert!(net.opened.values().all(|times| times.len() == 2), "{:?}", net.opened);
}

#[test]
fn one_that_does_not_answer_is_kept_only_where_no_other_stands() {
    let mut net = Net { takes: takes([9, 4, 7]), ..Net::default() };
    let mut lines = orders(&net);
    net.takes.remove(&1);
    assert_eq!(run_race(&mut lines, &mut net).0, Link(2));
    let mut net = Net { takes: takes([9, 4, 7]), ..Net::default() };
    let mut lines = orders(&net);
    net.takes.clear();
    assert_eq!(run_race(&mut lines, &mut net).0, Link(0));
}
