//! What the words in our files must and must not say.

use std::collections::BTreeSet;

use crate::tree::{FILES, MEMBERS};

/// First folders of absolute paths that exist on one machine only.
const PRIVATE_FOLDERS: &[&str] = &["home", "root", "tmp", "work", "Users", "mnt"];

/// Heading of the README's section that names every member.
const CODE_MAP: &str = "### Code map\n";

/// Absolute paths of somebody's machine in a text.
fn private_paths(text: &str) -> Vec<&str> {
    let continues = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    let found = PRIVATE_FOLDERS.iter().flat_map(|folder| text.match_indices(folder));
    let is_private = |&(at, folder): &(usize, &str)| {
        let Some(before) = text[..at].strip_suffix('/') else { return false };
        let relative = before.ends_with(|letter| continues(letter) || ")}>*/".contains(letter));
        !relative && !text[at + folder.len()..].starts_with(continues)
    };
    found.filter(is_private).map(|(at, _)| text[at - 1..].split_whitespace().next().unwrap()).collect()
}

/// True where a line says that something is still to be done.
fn is_left_for_later(line: &str) -> bool {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| marks.contains(&word))
}

/// The lines of a section, its heading not among them.
fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(heading)?;
    Some(after.split("\n#").next().unwrap())
}

/// Words of the code map that are paths.
fn mapped(map: &str) -> BTreeSet<&str> {
    let words = map.split(|letter: char| letter.is_whitespace() || "`|(),;:".contains(letter));
    words.filter(|word| word.contains('/')).map(|word| word.trim_end_matches('/')).collect()
}

#[test]
fn no_text_names_a_path_of_one_machine() {
    let found = FILES
        .iter()
        .flat_map(|file| private_paths(&file.text).into_iter().map(|path| format!("{}: {path}", file.path)));
    let found: Vec<_> = found.collect();
    assert!(found.is_empty(), "absolute paths: {found:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let found = FILES.iter().flat_map(|file| file.text.lines().zip(1..).map(|line| (&file.path, line)));
    let found = found.filter(|(_, (line, _))| is_left_for_later(line));
    let found: Vec<_> = found.map(|(path, (line, number))| format!("{path}:{number}: {line}")).collect();
    assert!(found.is_empty(), "left for later: {found:#?}");
}

#[test]
fn the_code_map_names_every_crate_and_nothing_that_is_gone() {
    let readme = FILES.iter().find(|file| file.path == "README.md").expect("there is a README");
    let map = section(&readme.text, CODE_MAP).expect("the README has a code map");
    let mapped = mapped(map);
    for member in MEMBERS.iter() {
        let named = mapped.contains(&*member.folder) || map.contains(&format!("`{}`", member.folder));
        assert!(named, "{} is not in the code map", member.folder);
    }
    for path in mapped {
        assert!(ballast_tests::root().join(path).exists(), "{path} is in the code map and nowhere else");
    }
}

#[test]
fn private_paths_are_told_from_relative_ones() {
    let [home, tmp] = ["home", "tmp"].map(|folder| format!("/{folder}"));
    for text in [format!("at {home}/me/x"), format!("\"{tmp}\""), home.clone(), format!("a={tmp}/b")] {
        assert_eq!(private_paths(&text).len(), 1, "{text}");
    }
    for text in [
        format!("target{tmp}/x"),
        format!("https://example.org{home}"),
        format!("{{root}}{tmp}"),
        format!("{home}page"),
        "tmp/x and home".to_owned(),
    ] {
        assert!(private_paths(&text).is_empty(), "{text}");
    }
}

#[test]
fn the_code_map_is_one_section() {
    let readme = "# A\n### Code map\n| `engine/core/` | b: `tools` |\n\n## Other\n`gone/x`\n";
    let map = section(readme, CODE_MAP).unwrap();
    assert_eq!(mapped(map).into_iter().collect::<Vec<_>>(), ["engine/core"]);
}

#[test]
fn marks_are_whole_words() {
    assert!(is_left_for_later(concat!("// TO", "DO: later")));
    assert!(is_left_for_later(concat!("(FIX", "ME)")));
    assert!(!is_left_for_later(concat!("TO", "DOS and FIX", "ME_KEY")));
}
