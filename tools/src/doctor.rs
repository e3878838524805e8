//! `ballast doctor`.

use ballast_runtime::config::Config;
use ballast_runtime::host::Tree;
use ballast_runtime::host::doctor::{Finding, Tried, Verdict, examine};
use ballast_runtime::job::JobError;
use serde_json::{Value, json};

use crate::cli::DoctorArgs;
use crate::exit::Code;
use crate::output::{self, Form};

/// Examines the host, and prints a line for each check. What fails is a mismatch; what could be better is not.
///
/// # Errors
/// A configuration that cannot be used; standard output that cannot be written.
pub(crate) fn run(arguments: &DoctorArgs) -> anyhow::Result<Code> {
    let config = arguments.config.as_deref().map(Config::load).transpose().map_err(JobError::from)?;
    let tried = Tried::on(&arguments.journal);
    let findings = examine(&Tree::host(), &tried, config.as_ref().map(|config| &config.threads));
    let count = |verdict| findings.iter().filter(|one| one.verdict == verdict).count();
    let counts = [Verdict::Ok, Verdict::Warn, Verdict::Fail].map(count);
    let [ok, warn, fail] = counts;
    if arguments.json {
        let findings: Vec<_> = findings.iter().map(value).collect();
        output::json(&json!({ "findings": findings, "ok": ok, "warn": warn, "fail": fail }))?;
    } else {
        let lines: String = findings.iter().map(line).collect();
        output::text(&format!("{lines}{ok} ok, {warn} warn, {fail} fail\n"), Form::Text)?;
    }
    Ok(if fail == 0 { Code::Done } else { Code::Mismatch })
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
    }
}

fn line(finding: &Finding) -> String {
    let Finding { check, verdict, found, mend } = finding;
    let mend = mend.as_ref().map(|mend| format!("; {mend}")).unwrap_or_default();
    format!("{:<4}  {check:<12}  {found}{mend}\n", word(*verdict))
}

fn value(finding: &Finding) -> Value {
    let Finding { check, verdict, found, mend } = finding;
    json!({ "check": check, "verdict": word(*verdict), "found": found, "mend": mend })
}
