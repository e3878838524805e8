//! The doctor: a line for each check, whatever the host.

use ballast_tests::market::QUOTER;

use crate::rig::Folder;

#[test]
fn every_check_has_a_line_and_what_is_not_well_a_mend() {
    let folder = Folder::new();
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = entries();
    let run = folder.run("doctor --json");
    let json = run.json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 13);
    let count = |word: &str| findings.iter().filter(|one| one["verdict"] == word).count();
    for (word, others) in [("ok", "warn"), ("warn", "fail"), ("fail", "ok")] {
        assert_eq!(json[word], count(word), "{word}, not {others}: {json}");
    }
    for one in findings {
        assert_eq!(one["mend"].is_null(), one["verdict"] == "ok", "{one}");
    }
    assert_eq!(run.code, Some(if count("fail") == 0 { 0 } else { 6 }));
    let text = folder.run("doctor");
    assert_eq!(text.out.lines().count(), 14, "{}", text.out);
    assert!(text.out.lines().last().unwrap().ends_with(" fail"), "{}", text.out);
    assert_eq!(entries(), before, "nothing is left behind");
}

#[test]
fn threads_of_a_configuration_are_held_against_the_host() {
    let folder = Folder::new();
    folder.write("far.toml", format!("{QUOTER}\n[threads]\nshard_cores = [1023]\n"));
    let run = folder.expect(6, "doctor --config far.toml --json");
    let cores = run.json()["findings"][0].clone();
    assert_eq!((&cores["check"], &cores["verdict"]), (&"cores".into(), &"fail".into()));
    assert!(cores["found"].as_str().unwrap().ends_with("not 1023"), "{cores}");
    let disk = folder.expect(6, "doctor --journal absent --json").json();
    let failed = |check: &str| {
        disk["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["check"] == check && one["verdict"] == "fail")
    };
    assert!(failed("disk-space") && failed("disk-sync"), "{disk}");
    folder.write("twice.toml", format!("{QUOTER}\n[threads]\nshard_cores = [1]\njournal_core = 1\n"));
    let run = folder.expect(3, "doctor --config twice.toml");
    assert!(run.err.contains("threads.journal_core: is the core of another thread already"), "{}", run.err);
    folder.expect(3, "doctor --config absent.toml");
}
