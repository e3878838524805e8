//! What must be refused with file, line and key, whatever it would have done.

use std::path::Path;

use crate::config::Config;
use crate::config_check::check;

const CROSS: &str = include_str!("../../../../../config/cross-venue.toml");
const REPLAY: &str = include_str!("../../../../../config/replay.toml");

/// Shaping with all that can be written as a float.
const SHAPE: &str = "[quoting.shape]
shift_max_bps = 5.0
widen_max_bps = 10.0
depth_within_ticks = 5
inventory = { limit = { quote = \"10000\" }, skew = [0.2, 0.1], reduce = [0.6, 0.5], hedge = [0.8, 0.7], \
liquidate = [1.0, 0.9], skew_max_bps = 5.0 }
[quoting.shape.momentum]
half_life = \"1s\"
warm_up = \"1s\"
horizon = \"1s\"
widen_share = 0.5
shift_max_bps = 1.0
widen_max_bps = 1.0
[quoting.shape.size]
best = { fixed = { quote = \"1000\" } }
min = { quote = \"100\" }
max = { quote = \"2000\" }
below_min = \"drop\"
reducing_at_limit = 1.0
[quoting.shape.size.levels]
count = 2
step = { ticks = 1 }
profile = { linear = 0.5 }
";

fn shaped() -> String {
    format!("{REPLAY}\n{SHAPE}")
}

/// The answer to a configuration.
fn answer(text: &str) -> Result<(), String> {
    let path = Path::new("some.toml");
    let config = Config::parse(text, path).map_err(|error| error.to_string())?;
    check(&config, path).map(drop).map_err(|error| error.to_string())
}

/// With the first of one text replaced by another that begins in the same line, refused in that line and with this key.
#[track_caller]
fn refuses(text: &str, from: &str, to: &str, key: &str) -> String {
    let at = text.find(from).unwrap_or_else(|| panic!("{from} is in the file"));
    let line = 1 + text[..at].matches('\n').count();
    let message = answer(&text.replacen(from, to, 1)).expect_err(to);
    let place = format!("some.toml: line {line}: {key}: ");
    assert!(message.starts_with(&place), "{to}: {place}: {message}");
    message
}

#[test]
fn what_is_to_be_broken_is_sound_before() {
    for text in [CROSS, REPLAY, &shaped()] {
        assert_eq!(answer(text), Ok(()));
    }
}

#[test]
fn no_number_but_a_finite_one() {
    let shaped = shaped();
    for number in ["nan", "-nan", "inf", "-inf", "1e999"] {
        for (text, from, key) in [
            (CROSS, "ratio = 1.0", "hedge.ratio"),
            (CROSS, "margin = 0.1", "hedge.margin"),
            (CROSS, "impact_bps = 0.1", "hedge.impact_bps"),
            (REPLAY, "skew_max_bps = 5.0", "quoting.model.skew_max_bps"),
            (REPLAY, "cancel_share = 0.0", "venue.cancel_share"),
            (&shaped, "reducing_at_limit = 1.0", "quoting.shape.size.reducing_at_limit"),
        ] {
            let (name, _) = from.split_once(" = ").unwrap();
            let message = refuses(text, from, &format!("{name} = {number}"), key);
            assert!(message.ends_with("must be a finite number"), "{message}");
        }
        let profile = format!("profile = {{ linear = {number} }}");
        refuses(&shaped, "profile = { linear = 0.5 }", &profile, "quoting.shape.size.levels.profile.linear");
    }
}
