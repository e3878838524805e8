//! What an operator says during a replay.

use ballast_tests::market::QUOTER;

use crate::rig::Folder;

const RUN: &str = "replay --config quoter.toml --data futures.gz --json";

#[test]
fn a_script_is_followed_answered_and_repeatable() {
    let folder = Folder::new();
    let plain = folder.expect(0, RUN).json();
    folder.write("nothing.toml", "");
    let nothing = folder.expect(0, &format!("{RUN} --operator nothing.toml")).json();
    assert_eq!(plain["decisions_hash"], nothing["decisions_hash"]);
    assert!(nothing["operator"].is_null());
    folder.write(
        "script.toml",
        "[[at]]\noffset = \"6s\"\ncommand = \"resume\"\nscope = \"all\"\n\
         [[at]]\noffset = \"5s\"\ncommand = \"kill\"\nscope = \"all\"\noperator = 7\nreason = 3\n\
         [[at]]\noffset = \"5s\"\ncommand = \"pause\"\nscope = \"all\"\n\
         [[at]]\noffset = \"8s\"\ncommand = \"confirm\"\nscope = \"usdm ETHUSDT\"\nposition = \"-0.5\"\n\
         [[at]]\noffset = \"1000s\"\ncommand = \"kill\"\nscope = \"all\"\n",
    );
    let run = folder.expect(0, &format!("{RUN} --operator script.toml"));
    assert!(run.err.contains("1 operator commands come after the end of the data"), "{}", run.err);
    let json = run.json();
    let said: Vec<_> = json["operator"].as_array().unwrap().iter().collect();
    let words = |place: usize| {
        [&said[place]["command"], &said[place]["outcome"]].map(|word| word.as_str().unwrap().to_owned())
    };
    assert_eq!(said.len(), 4);
    assert_eq!(words(0), ["kill", "accepted"], "by time, not as written");
    assert_eq!((&said[0]["operator"], &said[0]["reason"]), (&7.into(), &3.into()));
    assert_eq!(words(1), ["pause", "refused: already closed further, to killed"]);
    assert_eq!(words(2), ["resume", "accepted"]);
    assert_eq!(words(3), ["confirm", "refused: there is nothing to lift"]);
    assert_ne!(json["decisions_hash"], plain["decisions_hash"]);
    assert!(json["orders"].as_u64() > Some(0));
    let again = folder.expect(0, &format!("{RUN} --operator script.toml")).json();
    assert_eq!(json["decisions_hash"], again["decisions_hash"]);
    folder.write("kill.toml", "[[at]]\noffset = \"0s\"\ncommand = \"kill\"\nscope = \"all\"\n");
    let killed = folder.expect(0, &format!("{RUN} --operator kill.toml")).json();
    assert_eq!(killed["orders"], 0, "nothing is sent after a kill");
}

#[test]
fn a_script_that_cannot_be_followed_names_place_and_rule() {
    let folder = Folder::new();
    let broken = folder.expect(3, &format!("{RUN} --operator missing.toml")).err;
    assert!(broken.contains("missing.toml"), "{broken}");
    for (text, words) in [
        ("[[at]]\ncommand = \"kill\"\nscope = \"all\"", &["line 2", "one of `time` and `offset`"][..]),
        ("[[at]]\ntime = \"soon\"\ncommand = \"kill\"\nscope = \"all\"", &["line 2", "at.0.time", "soon"]),
        (
            "[[at]]\ntime = \"1999-01-01T00:00:00Z\"\ncommand = \"kill\"\nscope = \"all\"",
            &["line 2", "before the data begin"],
        ),
        ("[[at]]\noffset = \"1s\"\ncommand = \"kill\"\nscope = \"usdm XYZ\"", &["line 4", "usdm ETHUSDT"]),
        (
            "[[at]]\noffset = \"1s\"\ncommand = \"kill\"\nscope = \"usdm\"",
            &["line 4", "at.0.scope", "[risk]"],
        ),
        ("[[at]]\noffset = \"1s\"\ncommand = \"kill\"\nscope = \"strategy default\"", &["line 4", "[risk]"]),
        (
            "[[at]]\noffset = \"1s\"\ncommand = \"kill\"\nscope = \"strategy x\"",
            &["line 4", "strategy default"],
        ),
        ("[[at]]\noffset = \"1s\"\ncommand = \"thaw\"\nscope = \"all\"", &["line 4", "one instrument's"]),
        ("[[at]]\noffset = \"1s\"\ncommand = \"clear-loss\"\nscope = \"all\"", &["line 4", "[risk]"]),
        ("[[at]]\noffset = \"1s\"\ncommand = \"explode\"\nscope = \"all\"", &["line 3", "explode", "kill"]),
        ("[[at]]\noffset = \"1s\"\ncommand = \"kill\"\nscope = \"all\"\nwhy = 1", &["why"]),
        (
            "[[at]]\noffset = \"1s\"\ncommand = \"confirm\"\nscope = \"usdm ETHUSDT\"\nposition = \"0.0001\"",
            &["line 5", "lots"],
        ),
        ("[[at]]\noffset = \"1s\"\ncommand = \"confirm\"\nscope = \"all\"\nposition = \"1\"", &["line 4"]),
        ("[[at]]\noffset = \"1s\"\ncommand = \"kill\"\nscope = \"all\"\nposition = \"1\"", &["line 5"]),
    ] {
        folder.write("bad.toml", text);
        let run = folder.expect(3, &format!("{RUN} --operator bad.toml"));
        for word in words.iter().chain(&["bad.toml"]) {
            assert!(run.err.contains(word), "{word} for {text}: {}", run.err);
        }
    }
}

#[test]
fn a_strategy_is_halted_by_its_name_and_nothing_else_with_it() {
    let folder = Folder::new();
    let names = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n\
                 [[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\nstrategy = \"carry\"\n";
    folder.write("both.toml", format!("{QUOTER}\n{names}"));
    let both = "replay --config both.toml --data futures.gz --data spot.txt --json";
    let quoted = |scope: &str, command: &str| {
        let text = format!("[[at]]\noffset = \"9s\"\ncommand = \"{command}\"\nscope = \"{scope}\"\n");
        folder.write("script.toml", text);
        let run = folder.expect(0, &format!("{both} --operator script.toml"));
        assert!(run.err.contains(&format!("{command} of {scope}: accepted")), "{}", run.err);
        let json = run.json();
        assert_eq!(json["operator"][0]["scope"], scope, "in the operator's own words");
        ["usdm ETHUSDT", "spot ETHUSDT"].map(|name| {
            let mut its = json["instruments"].as_array().unwrap().iter().filter(|one| one["name"] == name);
            let quoting = &its.next().unwrap()["quoting"];
            let (stands, open) = (quoting["stands"] == true, quoting["gate"] == "active");
            assert_eq!(stands, open, "{name}: {quoting}");
            open
        })
    };
    for command in ["kill", "pause"] {
        assert_eq!(quoted("strategy carry", command), [false, true]);
        assert_eq!(quoted("strategy default", command), [true, false]);
        assert_eq!(quoted("usdm", command), [false, true]);
        assert_eq!(quoted("all", command), [false, false]);
    }
}

/// Two strategies of two accounts, and budgets.
const DESK: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n\
                    [risk.budgets]\norders_per_second = { granted = 100 }\n\
                    [[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\nstrategy = \"carry\"\n\
                    [[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"spot\"\naccount = \"second\"\n";
const BOTH: &str = "replay --config both.toml --data futures.gz --data spot.txt --json";

/// Sets a ledger right.
const ADJUST: &str = "[[at]]\noffset = \"10s\"\ncommand = \"kill\"\nscope = \"usdm ETHUSDT\"\n\
                      [[at]]\noffset = \"15s\"\ncommand = \"adjust\"\nscope = \"usdm ETHUSDT\"\n\
                      position = \"-7.5\"\nprice = \"2000\"\n";

#[test]
fn positions_and_cash_are_moved_between_books_and_a_ledger_is_set_right() {
    let folder = Folder::new();
    folder.write("both.toml", format!("{QUOTER}\n{DESK}"));
    let plain = folder.expect(0, BOTH).json();
    folder.write(
        "moves.toml",
        "[[at]]\noffset = \"19s\"\ncommand = \"merge\"\nscope = \"usdm ETHUSDT\"\n\
         from = { strategy = \"carry\" }\nto = { strategy = \"default\" }\n\
         [[at]]\noffset = \"19s\"\ncommand = \"transfer\"\nscope = \"all\"\nfrom = { account = \"second\" }\n\
         to = { account = \"default\" }\nasset = \"USDT\"\namount = \"12.5\"\n\
         [[at]]\noffset = \"19s\"\ncommand = \"split\"\nscope = \"spot ETHUSDT\"\nsize = \"1000000\"\n\
         from = { account = \"second\" }\nto = {}\n",
    );
    let moved = folder.expect(0, &format!("{BOTH} --operator moves.toml")).json();
    let outcomes = |json: &serde_json::Value| -> Vec<_> {
        let said = json["operator"].as_array().unwrap();
        said.iter().map(|said| said["outcome"].as_str().unwrap().to_owned()).collect()
    };
    let [merged, paid, refused] = &outcomes(&moved)[..] else { panic!("three: {moved}") };
    assert_eq!((merged.as_str(), paid.as_str()), ("accepted", "accepted"));
    assert!(refused.contains("lots not within the position"), "{refused}");
    assert_eq!(moved["decisions_hash"], plain["decisions_hash"], "books decide nothing");
    let books = moved["books"].as_array().unwrap();
    let strategies: Vec<_> = books.iter().filter(|book| book["instrument"] == "usdm ETHUSDT").collect();
    assert_eq!(strategies.len(), 2, "{books:?}");
    // Killed and all cancelled, a ledger is set right, and the run counts on with that.
    folder.write("adjust.toml", ADJUST);
    let adjusted = folder.expect(0, &format!("{BOTH} --operator adjust.toml --out out")).json();
    assert_eq!(outcomes(&adjusted), ["accepted", "accepted"]);
    let one = adjusted["instruments"].as_array().unwrap().iter().find(|one| one["name"] == "usdm ETHUSDT");
    let one = one.unwrap();
    assert_eq!((&one["position"], &one["max_position"]), (&"-7.500".into(), &"7.500".into()), "{one:?}");
    // It is position and profit, and nothing of it is a fill.
    let (kill, _) = ADJUST.split_at(ADJUST.rfind("[[at]]").unwrap());
    folder.write("kill.toml", kill);
    let killed = folder.expect(0, &format!("{BOTH} --operator kill.toml")).json();
    let same = killed["instruments"].as_array().unwrap().iter().find(|one| one["name"] == "usdm ETHUSDT");
    let same = same.unwrap();
    assert_ne!((&one["pnl"]["gross"], &one["position"]), (&same["pnl"]["gross"], &same["position"]));
    assert_eq!(one["fills"], same["fills"]);
    for group in ["markouts", "adverse_selection", "execution"] {
        assert_eq!(one["figures"][group], same["figures"][group], "{group}");
    }
    for key in ["captured", "turnover"] {
        let figure = |of: &serde_json::Value| of["figures"]["profit"][key].clone();
        assert!(figure(one) == figure(same) && !figure(one).is_null(), "{key}");
    }
}

#[test]
fn budgets_are_granted_by_the_configuration_and_by_the_operator() {
    let folder = Folder::new();
    folder.write("both.toml", format!("{QUOTER}\n{DESK}"));
    let plain = folder.expect(0, BOTH).json();
    assert!(plain["orders"].as_u64() > Some(0), "what is granted is used: {plain}");
    let grant = |amount: &str| {
        let text = format!(
            "[[at]]\noffset = \"5s\"\ncommand = \"grant\"\nscope = \"all\"\nbudget = \"orders_per_second\"\n\
             amount = \"{amount}\"\n"
        );
        folder.write("grant.toml", text);
        let run = folder.expect(0, &format!("{BOTH} --operator grant.toml"));
        assert!(run.err.contains("grant of all: accepted"), "{}", run.err);
        run.json()["orders"].as_u64().unwrap()
    };
    assert!(grant("1") < plain["orders"].as_u64().unwrap(), "one order a second is few");
    let none = DESK.replace("granted = 100", "granted = 1");
    folder.write("both.toml", format!("{QUOTER}\n{none}"));
    let few = folder.expect(0, BOTH).json()["orders"].as_u64().unwrap();
    assert!(few < grant("100"), "more once it is granted");
}

#[test]
fn a_required_dead_mans_switch_lets_quotes_be_while_it_is_armed() {
    let folder = Folder::new();
    let market = "[risk.market.usdm]\ndead_man = \"required\"\n";
    folder.write("both.toml", format!("{QUOTER}\n{DESK}{market}"));
    let orders = |run: &Folder, script: &str| {
        run.write("arm.toml", script);
        let json = run.expect(0, &format!("{BOTH} --operator arm.toml")).json();
        let of = |name: &str| {
            let mut its = json["instruments"].as_array().unwrap().iter().filter(|one| one["name"] == name);
            its.next().unwrap()["quoting"]["stood_at"].as_str().map(str::to_owned)
        };
        [of("usdm ETHUSDT"), of("spot ETHUSDT")]
    };
    let [unarmed, other] = orders(&folder, "");
    assert!(unarmed.is_none() && other.is_some(), "{unarmed:?} {other:?}");
    let arm = "[[at]]\noffset = \"4s\"\ncommand = \"arm\"\nscope = \"usdm\"\nfor = \"5s\"\n";
    let [armed, _] = orders(&folder, arm);
    assert!(armed.is_some());
}

#[test]
fn moves_grants_and_arms_that_cannot_be_are_refused_at_their_line() {
    let folder = Folder::new();
    folder.write("both.toml", format!("{QUOTER}\n{DESK}"));
    let at = "[[at]]\noffset = \"1s\"\n";
    for (text, words) in [
        ("command = \"merge\"\nscope = \"usdm ETHUSDT\"\nfrom = {}", &["line 3", "needs a `to`"][..]),
        ("command = \"merge\"\nscope = \"usdm ETHUSDT\"\nfrom = {}\nto = {}", &["line 6", "same book"]),
        (
            "command = \"merge\"\nscope = \"usdm ETHUSDT\"\nfrom = { strategy = \"x\" }\nto = {}",
            &["line 5", "at.0.from", "default, carry"],
        ),
        (
            "command = \"split\"\nscope = \"usdm ETHUSDT\"\nsize = \"0\"\nfrom = {}\n\
             to = { strategy = \"carry\" }",
            &["line 5", "at.0.size"],
        ),
        ("command = \"kill\"\nscope = \"all\"\nsize = \"1\"", &["line 5", "another command"]),
        ("command = \"adjust\"\nscope = \"usdm ETHUSDT\"\nposition = \"1\"", &["line 3", "needs a `price`"]),
        (
            "command = \"adjust\"\nscope = \"usdm ETHUSDT\"\nposition = \"1\"\nprice = \"0.001\"",
            &["line 6", "ticks"],
        ),
        (
            "command = \"grant\"\nscope = \"all\"\nbudget = \"gross\"\namount = \"1\"",
            &["line 5", "[risk.budgets] has no `gross`"],
        ),
        (
            "command = \"grant\"\nscope = \"usdm\"\nbudget = \"gross\"\namount = \"1\"",
            &["line 4", "of everything"],
        ),
        ("command = \"arm\"\nscope = \"all\"\nfor = \"1s\"", &["line 4", "a market's"]),
        ("command = \"arm\"\nscope = \"usdm\"", &["line 3", "needs a `for`"]),
        ("command = \"kill\"\nscope = \"usdm\"\nfor = \"1s\"", &["line 5", "`arm` alone"]),
    ] {
        folder.write("bad.toml", format!("{at}{text}\n"));
        let run = folder.expect(3, &format!("{BOTH} --operator bad.toml"));
        for word in words.iter().chain(&["bad.toml"]) {
            assert!(run.err.contains(word), "{word} for {text}: {}", run.err);
        }
    }
}
