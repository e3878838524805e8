//! Arbitrary configurations and scripts of operators: they can be used or are refused with the place, and nothing panics.
#![no_main]

use std::path::Path;

use ballast_runtime::config::Config;
use ballast_runtime::config_check;
use ballast_runtime::operator::{OperatorScript, Scopes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let path = Path::new("fuzz.toml");
    match Config::parse(text, path) {
        Ok(config) => drop(config_check::check(&config, path).map_err(|error| error.to_string())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(script) = OperatorScript::parse(text, path) {
        let resolved = script.resolve(&[], &Scopes::default(), ballast_model::Nanos(0));
        drop(resolved.map_err(|error| error.to_string()));
    }
});
