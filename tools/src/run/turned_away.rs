//! A start that venues refuse to answer yet: it waits as they say.

use ballast_model::Span;
use ballast_runtime::live::Refusals;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::output;

/// How long a start waits in all; what takes longer ends it.
const WAIT_MAX: Span = Span::from_secs(600);

/// Waits, and says so.
pub(crate) struct Patience<'a> {
    stop: &'a AtomicBool,
    left: Span,
}

impl<'a> Patience<'a> {
    /// Until that is set.
    pub(crate) const fn new(stop: &'a AtomicBool) -> Self {
        Self { stop, left: WAIT_MAX }
    }
}

impl Refusals for Patience<'_> {
    fn waits(&mut self, status: u16, so_long: Span) -> bool {
        let seconds = so_long.as_secs_f64();
        if so_long > self.left {
            let most = WAIT_MAX.as_secs_f64();
            output::tell(&format!(
                "the venue refuses requests ({status}) for {seconds:.0} s: a start waits {most:.0} s at most"
            ));
            return false;
        }
        self.left = Span(self.left.0 - so_long.0);
        output::tell(&format!("the venue refuses requests ({status}): asking again in {seconds:.0} s"));
        true
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
