//! What the venue's error codes mean: for the request they answer, and for what the session does next.
//!
//! Never here: doing it.

use ballast_model::RejectReason;

/// What became of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Refused: it changed nothing.
    Refused(RejectReason),
    /// Nobody can say.
    Unknown,
    /// There was nothing to change: it stands as asked.
    Done,
}

/// What else is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing; the core decides.
    None,
    /// The key, its rights or our signature is wrong: nothing more is sent until an operator has looked.
    Halt,
    /// Our clock is off: it is measured anew.
    Clock,
    /// The venue wants silence: until the time it names, or for a while.
    Silence,
    /// The venue is busy: new orders wait, longer each time.
    BackOff,
    /// Too many orders: no new ones until the count begins again.
    Orders,
    /// Grid, limits or state of the instrument are not what we think: they are fetched anew.
    Rules,
    /// Balances or positions are not what we think: they are fetched anew.
    Account,
    /// The private stream is over: it is begun anew.
    Stream,
    /// The account may not add to positions, by the venue's decision: an operator has to know.
    ReduceOnly,
    /// The request should not have been possible as configured: an operator has to know.
    Configuration,
}

/// An error and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// For the request.
    pub fate: Fate,
    /// For the session.
    pub remedy: Remedy,
}

/// The venue's error as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueError<'f> {
    /// Status of the answer: HTTP's, also on a WebSocket connection.
    pub status: u64,
    /// The venue's code; zero where there is none.
    pub code: i64,
    /// Its text; empty where there is none.
    pub message: &'f str,
}

impl VenueError<'_> {
    /// Judges the error (Binance Spot API documentation, Errors; derivatives documentation, Error Codes).
    ///
    /// A status of limits or of the server goes before any code. An unknown code refuses, unless the server itself failed:
    /// the venue's own rule is that a request with a status of 4xx was not carried out.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        use RejectReason::{Other, RateLimit};
        let refused = |reason, remedy| Verdict { fate: Fate::Refused(reason), remedy };
        match (self.status, self.message) {
            (429 | 418, _) if self.code == -1015 => return refused(RateLimit, Remedy::Orders),
            (429 | 418, _) => return refused(RateLimit, Remedy::Silence),
            (401 | 403, _) => return refused(Other, Remedy::Halt),
            // Futures tell by their words whether it was carried out.
            (503, text) if text.starts_with("Service Unavailable") => return refused(Other, Remedy::BackOff),
            (503, text) if text.starts_with("Internal error; unable to process") => {
                return refused(Other, Remedy::BackOff);
            }
            (_, _) if self.code == -1008 => return refused(RateLimit, Remedy::BackOff),
            (500.., _) => return Verdict { fate: Fate::Unknown, remedy: Remedy::None },
            (_, _) => {}
        }
        self.by_code()
    }

    fn by_code(&self) -> Verdict {
        use RejectReason::{
            DuplicateId, Margin, NothingToTake, OrdersMax, Other, Price, RateLimit, ReduceOnly, Size,
            UnknownOrder, WouldTake,
        };
        let refused = |reason, remedy| Verdict { fate: Fate::Refused(reason), remedy };
        match self.code {
            -1000 | -1001 | -1006 | -1007 => Verdict { fate: Fate::Unknown, remedy: Remedy::None },
            -1002 | -1022 | -2014 | -2015 => refused(Other, Remedy::Halt),
            -1003 => refused(RateLimit, Remedy::Silence),
            -1008 => refused(RateLimit, Remedy::BackOff),
            -1013 => refused(self.filter(), Remedy::Rules),
            -1015 => refused(RateLimit, Remedy::Orders),
            -1021 | -5028 => refused(Other, Remedy::Clock),
            -1111 => refused(Price, Remedy::Rules),
            -1125 | -2035 | -2036 => refused(Other, Remedy::Stream),
            -2010 => self.new_order_refused(),
            -2011 | -2013 | -2026 => refused(UnknownOrder, Remedy::None),
            -2018 | -2019 | -2027 | -2028 => refused(Margin, Remedy::Account),
            -2022 | -4118 => refused(ReduceOnly, Remedy::Account),
            -2025 | -4192 => refused(OrdersMax, Remedy::None),
            -4003..=-4001 | -4013 | -4014 | -4016 | -4024 | -4131 => self.futures_grid(),
            -4005 | -4004 | -4023 => refused(Size, Remedy::Rules),
            -4046 | -4059 | -4171 => Verdict { fate: Fate::Done, remedy: Remedy::None },
            -4061 | -4067 | -4068 | -4531 | -4015 | -4120 | -5041 => refused(Other, Remedy::Configuration),
            -4116 => refused(DuplicateId, Remedy::None),
            -4164 => refused(RejectReason::NotionalMin, Remedy::Rules),
            -4400 | -4401 => refused(Other, Remedy::ReduceOnly),
            -5021 => refused(NothingToTake, Remedy::None),
            -5022 => refused(WouldTake, Remedy::None),
            -1199..=-1100 => refused(Other, Remedy::Rules),
            _ => refused(Other, Remedy::None),
        }
    }

    /// Of futures: quantities up to -4005, prices beyond.
    const fn futures_grid(&self) -> Verdict {
        let reason = match self.code {
            -4003 => RejectReason::Size,
            _ => RejectReason::Price,
        };
        Verdict { fate: Fate::Refused(reason), remedy: Remedy::Rules }
    }

    /// `Filter failure: NAME`.
    fn filter(&self) -> RejectReason {
        let name = self.message.strip_prefix("Filter failure: ").unwrap_or_default();
        match name {
            "LOT_SIZE" | "MARKET_LOT_SIZE" => RejectReason::Size,
            "NOTIONAL" | "MIN_NOTIONAL" => RejectReason::NotionalMin,
            "PRICE_FILTER" => RejectReason::Price,
            "MAX_POSITION" | "MAX_ASSET" => RejectReason::Margin,
            _ if name.starts_with("PERCENT_PRICE") => RejectReason::Price,
            _ if name.contains("MAX_NUM") => RejectReason::OrdersMax,
            _ => RejectReason::Other,
        }
    }

    /// Spot tells the reason by words alone; futures mean their margin.
    fn new_order_refused(&self) -> Verdict {
        use RejectReason::{Closed, DuplicateId, Margin, Other, WouldTake};
        let text = self.message;
        let (reason, remedy) = if text.contains("immediately match and take") {
            (WouldTake, Remedy::None)
        } else if text.contains("Duplicate order") {
            (DuplicateId, Remedy::None)
        } else if text.contains("insufficient balance") {
            (Margin, Remedy::Account)
        } else if text.contains("Market is closed") {
            (Closed, Remedy::Rules)
        } else {
            (Other, Remedy::Account)
        };
        Verdict { fate: Fate::Refused(reason), remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u64, code: i64, message: &str) -> (Fate, Remedy) {
        let Verdict { fate, remedy } = VenueError { status, code, message }.verdict();
        (fate, remedy)
    }

    #[test]
    fn every_code_of_the_documents_has_its_meaning() {
        use RejectReason as R;
        use Remedy as M;
        for (codes, reason, remedy) in [
            (&[-1002_i64, -2014, -2015, -1022][..], R::Other, M::Halt),
            (&[-1003], R::RateLimit, M::Silence),
            (&[-1008], R::RateLimit, M::BackOff),
            (&[-1015], R::RateLimit, M::Orders),
            (&[-1021, -5028], R::Other, M::Clock),
            (&[-1100, -1102, -1121, -1130, -1145], R::Other, M::Rules),
            (&[-1111, -4013, -4014, -4016, -4024, -4131], R::Price, M::Rules),
            (&[-1125, -2035, -2036], R::Other, M::Stream),
            (&[-2011, -2013, -2026], R::UnknownOrder, M::None),
            (&[-2018, -2019, -2027, -2028], R::Margin, M::Account),
            (&[-2022, -4118], R::ReduceOnly, M::Account),
            (&[-2025, -4192], R::OrdersMax, M::None),
            (&[-4003, -4004, -4005, -4023], R::Size, M::Rules),
            (&[-4015, -4061, -4067, -4068, -4120, -4531, -5041], R::Other, M::Configuration),
            (&[-4116], R::DuplicateId, M::None),
            (&[-4164], R::NotionalMin, M::Rules),
            (&[-4400, -4401], R::Other, M::ReduceOnly),
            (&[-5021], R::NothingToTake, M::None),
            (&[-5022], R::WouldTake, M::None),
            (&[-2021, -2038, -2039, -2042, -5024, -5027, -5029, -5043, -9999, 7], R::Other, M::None),
        ] {
            for code in codes {
                assert_eq!(verdict(400, *code, ""), (Fate::Refused(reason), remedy), "{code}");
            }
        }
        for code in [-1000, -1001, -1006, -1007] {
            assert_eq!(verdict(400, code, "").0, Fate::Unknown, "{code}");
        }
        for code in [-4046, -4059, -4171] {
            assert_eq!(verdict(400, code, "").0, Fate::Done, "{code}");
        }
    }

    #[test]
    fn words_tell_apart_what_shares_a_code() {
        use RejectReason as R;
        for (code, text, reason) in [
            (-2010, "Account has insufficient balance for requested action.", R::Margin),
            (-2010, "Duplicate order sent.", R::DuplicateId),
            (-2010, "Order would immediately match and take.", R::WouldTake),
            (-2010, "Market is closed.", R::Closed),
            (-2010, "Something new.", R::Other),
            (-1013, "Filter failure: LOT_SIZE", R::Size),
            (-1013, "Filter failure: NOTIONAL", R::NotionalMin),
            (-1013, "Filter failure: PRICE_FILTER", R::Price),
            (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE", R::Price),
            (-1013, "Filter failure: MAX_NUM_ORDERS", R::OrdersMax),
            (-1013, "Filter failure: MAX_POSITION", R::Margin),
            (-1013, "Invalid quantity.", R::Other),
        ] {
            assert_eq!(verdict(400, code, text).0, Fate::Refused(reason), "{text}");
        }
    }

    #[test]
    fn a_status_goes_before_the_code() {
        use RejectReason::{Other, RateLimit};
        assert_eq!(verdict(418, 0, ""), (Fate::Refused(RateLimit), Remedy::Silence));
        assert_eq!(verdict(429, -1015, ""), (Fate::Refused(RateLimit), Remedy::Orders));
        assert_eq!(verdict(401, -2015, ""), (Fate::Refused(Other), Remedy::Halt));
        for status in [500, 502, 504] {
            assert_eq!(verdict(status, -2010, "").0, Fate::Unknown);
        }
        let unknown = "Unknown error, please check your request or try again later.";
        assert_eq!(verdict(503, 0, unknown).0, Fate::Unknown);
        assert_eq!(verdict(503, 0, "Service Unavailable."), (Fate::Refused(Other), Remedy::BackOff));
        let failed = "Internal error; unable to process your request. Please try again.";
        assert_eq!(verdict(503, 0, failed), (Fate::Refused(Other), Remedy::BackOff));
        assert_eq!(verdict(503, -1008, ""), (Fate::Refused(RateLimit), Remedy::BackOff));
    }
}
