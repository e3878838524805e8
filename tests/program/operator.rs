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
