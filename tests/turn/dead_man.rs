//! The venue's dead-man timer: kept by a shard that turns, and by nothing else.

use std::sync::atomic::Ordering;

use ballast_model::Span;
use ballast_runtime::live::Trading;
use ballast_venue::binance::trade::DeadMan;

use crate::latch::Rig;

const TIMER: DeadMan = DeadMan { countdown: Span::from_secs(4), beats: 4 };

impl Rig {
    fn words(&self) -> usize {
        self.venue.network().count("POST /fapi/v1/countdownCancelAll?symbol=ETHUSDT&countdownTime=4000&")
    }

    /// Time passes while the shard turns.
    fn turning(&mut self, millis: i64) {
        for _ in 0..millis {
            self.progress.fetch_add(1, Ordering::Relaxed);
            self.pass(Span::from_millis(1));
        }
    }
}

#[test]
fn words_are_given_four_times_in_a_countdown_while_the_shard_turns_and_never_while_it_hangs() {
    let mut rig = Rig::keeping(Some(TIMER));
    rig.turning(50);
    assert_eq!(rig.words(), 1, "at once: {:?}", rig.venue.network().sent);
    rig.turning(950);
    assert_eq!(rig.words(), 1);
    rig.turning(3_500);
    assert_eq!(rig.words(), 5, "every second");
    rig.pass(Span::from_secs(60));
    assert_eq!(rig.words(), 5, "the venue's thread alone keeps no timer");
    rig.turning(1);
    assert_eq!(rig.words(), 6, "the shard is back");
}

#[test]
fn once_nothing_is_left_the_timer_is_switched_off_and_stays_so() {
    let mut rig = Rig::keeping(Some(TIMER));
    rig.turning(50);
    let is_off = |rig: &Rig| match rig.venue.trading() {
        Trading::Live(live) => live.session().is_dead_man_off(),
        Trading::Paper(_) | Trading::Nobody => panic!("orders are real here"),
    };
    assert!(!is_off(&rig));
    if let Trading::Live(live) = rig.venue.trading_mut() {
        live.session_mut().switch_off_dead_man();
    }
    assert!(!is_off(&rig), "the venue does not know yet");
    rig.turning(10);
    assert!(is_off(&rig));
    assert_eq!(rig.venue.network().count("symbol=ETHUSDT&countdownTime=0&"), 1);
    rig.turning(5_000);
    assert_eq!((rig.words(), rig.venue.network().count("countdownTime=0&")), (1, 1));
}

#[test]
fn without_a_timer_nothing_is_said_of_one() {
    let mut rig = Rig::keeping(None);
    rig.turning(5_000);
    if let Trading::Live(live) = rig.venue.trading_mut() {
        live.session_mut().switch_off_dead_man();
        assert!(live.session().is_dead_man_off());
    }
    rig.turning(100);
    assert_eq!(rig.venue.network().count("countdown"), 0);
}
