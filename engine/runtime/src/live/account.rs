//! Our account at a venue: whose key it is, and the session that trades by it.
//!
//! Keys come from the environment or a file that it names, never from a configuration, and are never shown.

use ballast_model::{AssetId, InstrumentId, Nanos, Span, SubAccountId};
use ballast_venue::binance::Market;
use ballast_venue::binance::trade::{
    DeadMan, SelfTradePrevention, TradeConfig, TradeConfigError, TradeInstrument, TradeMarket, TradeSession,
    TradesSince,
};
use ballast_venue::signing::{Credentials, KeyError};

use super::start::Seat;
use crate::config::{FoundInstrument, market_name};
use crate::journal::Recovery;

/// How long an answer may take before the fate of its request counts as unknown.
const ANSWER_MAX: Span = Span::from_secs(5);
/// How old a request may be when it reaches the venue's matching.
pub(super) const RECV_WINDOW: Span = Span::from_secs(5);
/// Percent of the request weight that new orders leave to cancels.
const CANCEL_RESERVE: u8 = 20;

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The environment does not say it.
    #[error("{0} is not set: live orders need {0}, and a secret or a file with a private key beside it")]
    Unset(String),
    /// The environment says two things.
    #[error("{0} and {1} are both set: unset the one that does not belong to the key")]
    Both(String, String),
    /// The file cannot be read.
    #[error("{name}: {error}")]
    Unreadable {
        /// The variable that names it.
        name: String,
        /// Why.
        error: std::io::Error,
    },
    /// What the environment says is no key.
    #[error("{name}: {error}")]
    Key {
        /// The variable.
        name: String,
        /// Why.
        error: KeyError,
    },
    /// Orders are not sent to this market.
    #[error("{0}: orders are not sent there, only simulated")]
    Market(&'static str),
    /// The session cannot be built.
    #[error("{market}: {error}")]
    Session {
        /// Where.
        market: &'static str,
        /// Why.
        error: TradeConfigError,
    },
}

/// The credentials that variables with this beginning hold: `NAME_KEY` with `NAME_SECRET` (HMAC-SHA256), or with
/// `NAME_PRIVATE_KEY_FILE`, which names a file with an Ed25519 key (PKCS#8, PEM). `of` looks a variable up.
///
/// # Errors
/// [`AccountError`], which names the variable and shows no value.
pub fn credentials(name: &str, of: impl Fn(&str) -> Option<String>) -> Result<Credentials, AccountError> {
    let [key, secret, file] = ["KEY", "SECRET", "PRIVATE_KEY_FILE"].map(|part| format!("{name}_{part}"));
    let api_key = of(&key).ok_or_else(|| AccountError::Unset(key.clone()))?;
    if let Some(path) = of(&file) {
        if of(&secret).is_some() {
            return Err(AccountError::Both(secret, file));
        }
        let pem = std::fs::read_to_string(path)
            .map_err(|error| AccountError::Unreadable { name: file.clone(), error })?;
        return Credentials::ed25519(&api_key, &pem).map_err(|error| AccountError::Key { name: file, error });
    }
    let value = of(&secret).ok_or_else(|| AccountError::Unset(secret.clone()))?;
    Credentials::hmac(&api_key, &value).map_err(|error| AccountError::Key { name: secret, error })
}

/// What a session is to trade.
#[derive(Clone, Copy, Debug)]
pub struct Traded<'a> {
    /// Where.
    pub market: Market,
    /// Its instruments, by the venue's numbers.
    pub instruments: &'a [FoundInstrument],
    /// Names of assets, by number.
    pub assets: &'a [String],
    /// Nothing is booked that happened before this, by the venue's clock.
    pub since: Nanos,
    /// Largest difference of clocks with which orders go out.
    pub clock_offset_max: Span,
    /// The timer to keep; `None` for none.
    pub dead_man: Option<DeadMan>,
}

/// Tells a venue's session which trades a shard of a run before has booked: they are not told again.
pub fn remind(session: &mut TradeSession, (venue, shard): (usize, usize), seats: &[Seat], past: &Recovery) {
    for seat in seats.iter().filter(|seat| (seat.venue, seat.shard) == (venue, shard)) {
        if let Some(orders) = past.shard.orders(seat.of_shard) {
            session.know(seat.of_venue, orders.booked());
        }
    }
}

/// The session that trades these instruments.
///
/// # Errors
/// [`AccountError::Market`] and [`AccountError::Session`].
pub fn session(traded: &Traded<'_>, credentials: Credentials) -> Result<TradeSession, AccountError> {
    let name = market_name(traded.market);
    let market = match traded.market {
        Market::Spot => TradeMarket::Spot,
        Market::UsdM => TradeMarket::UsdM,
        Market::CoinM => return Err(AccountError::Market(name)),
    };
    let instruments: Vec<_> = (0..)
        .map(InstrumentId)
        .zip(traded.instruments)
        .map(|(id, found)| TradeInstrument {
            id,
            symbol: &found.instrument.symbol,
            tick: found.instrument.tick,
            lot: found.instrument.lot,
            quote: found.spec.quote,
            since: TradesSince::Time(traded.since),
        })
        .collect();
    let assets: Vec<_> = (0..).map(AssetId).zip(traded.assets.iter().map(String::as_str)).collect();
    let config = TradeConfig {
        market,
        account: SubAccountId::default(),
        funding_since: traded.since,
        instruments: &instruments,
        assets: &assets,
        recv_window: RECV_WINDOW,
        answer_max: ANSWER_MAX,
        clock_offset_max: traded.clock_offset_max,
        self_trade: SelfTradePrevention::ExpireTaker,
        cancel_reserve: CANCEL_RESERVE,
        dead_man: traded.dead_man,
    };
    TradeSession::new(&config, credentials).map_err(|error| AccountError::Session { market: name, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> String {
        let of =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        match credentials("DESK", of) {
            Ok(_) => "credentials".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn keys_come_from_the_environment_and_are_not_shown() {
        assert!(said(&[]).starts_with("DESK_KEY is not set"));
        assert!(said(&[("DESK_KEY", "k")]).starts_with("DESK_SECRET is not set"));
        assert_eq!(said(&[("DESK_KEY", "k"), ("DESK_SECRET", "s")]), "credentials");
        let missing = said(&[("DESK_KEY", "k"), ("DESK_PRIVATE_KEY_FILE", "/no/such/file")]);
        assert!(missing.starts_with("DESK_PRIVATE_KEY_FILE: "), "{missing}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, "hidden words").unwrap();
        let both = said(&[("DESK_KEY", "k"), ("DESK_SECRET", "s"), ("DESK_PRIVATE_KEY_FILE", "hidden")]);
        assert_eq!(
            both,
            "DESK_SECRET and DESK_PRIVATE_KEY_FILE are both set: unset the one that does not belong to the key"
        );
        let bad = said(&[("DESK_KEY", "k"), ("DESK_PRIVATE_KEY_FILE", file.to_str().unwrap())]);
        assert!(bad.starts_with("DESK_PRIVATE_KEY_FILE: ") && !bad.contains("hidden"), "{bad}");
    }
}
