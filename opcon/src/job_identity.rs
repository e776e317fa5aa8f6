//! Identifies the running OpCon job from the environment variables of the agent.

use crate::date::checked_date;
use crate::excerpt::excerpt;

/// The variables of the Windows agent ("Environment variables" in the documentation of the agent).
const WINDOWS: VariableNames = VariableNames {
    date: "SMA_MSLSAM_SCHEDULE_DATE",
    schedule: "SMA_MSLSAM_SCHEDULE_NAME",
    job: "SMA_MSLSAM_JOB_NAME",
    job_may_be_short: true,
};
/// The variables of the UNIX agent ("LSAM environment variables" in the documentation of the agent).
const UNIX: VariableNames = VariableNames {
    date: "SMA_SCHEDULE_DATE",
    schedule: "SMA_SCHEDULE_NAME",
    job: "SMA_USER_SPECIFIED_JOBNAME",
    job_may_be_short: false,
};
/// The length of a shortened job name, to which some agents append the job number.
const SHORT_NAME: usize = 12;
/// The maximum length of a name in a label, in characters.
const MAX_NAME: usize = 200;

/// The variables of one kind of agent.
struct VariableNames {
    date: &'static str,
    schedule: &'static str,
    job: &'static str,
    /// Whether the job name may be shortened: two pages of the Windows agent's documentation contradict each other.
    job_may_be_short: bool,
}

/// The schedule date, schedule, and job of the running job, which complete a short property name.
///
/// The three parts are independent, because an agent may provide one of them in an unreliable format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobIdentity {
    pub(crate) date: Known,
    pub(crate) schedule: Known,
    pub(crate) job: Known,
}

/// A part of the identity, or why it is not known.
pub(crate) type Known = Result<String, String>;

impl JobIdentity {
    /// An identity without a running job, to check property names in advance.
    pub fn unknown() -> Self {
        JobIdentity { date: Ok("2000-01-01".into()), schedule: Ok("SCHEDULE".into()), job: Ok("JOB".into()) }
    }

    /// The identity from the environment variables that `lookup` returns, or `None` if no OpCon agent started the job.
    ///
    /// The date is known in the formats `yyyy-mm-dd`, `yyyy/mm/dd` and `yyyymmdd`, because all others may depend on
    /// regional settings. The job name of the Windows agent is unknown if it could be twelve characters with the job
    /// number.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let value = |name: &str| value(&lookup, name);
        let agent = agent(value)?;
        let known = |name| value(name).ok_or_else(|| format!("the agent did not set {name}"));
        Some(JobIdentity {
            date: known(agent.date).and_then(|date| clear_date(agent.date, &date)),
            schedule: known(agent.schedule),
            job: known(agent.job)
                .and_then(|job| if agent.job_may_be_short { full_name(agent.job, job) } else { Ok(job) }),
        })
    }
}

/// The names that the agent gave to the running job, unchecked and each with at most 200 characters, e.g. ``OpCon job `J`,
/// schedule `S`, schedule date `2026-01-31` ``. `None` if no OpCon agent started the job. Control characters are kept.
pub fn job_label(lookup: impl Fn(&str) -> Option<String>) -> Option<String> {
    let value = |name: &str| value(&lookup, name).map(|value| value.chars().take(MAX_NAME).collect::<String>());
    let agent = agent(value)?;
    let parts = [("OpCon job", agent.job), ("schedule", agent.schedule), ("schedule date", agent.date)];
    let known = parts.into_iter().filter_map(|(what, name)| Some(format!("{what} `{}`", value(name)?)));
    Some(known.collect::<Vec<_>>().join(", "))
}

/// The value of a variable, without the spaces around it. An empty one is not set.
fn value(lookup: impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The agent that set any of its variables.
fn agent(value: impl Fn(&str) -> Option<String>) -> Option<VariableNames> {
    [WINDOWS, UNIX]
        .into_iter()
        .find(|agent| [agent.date, agent.schedule, agent.job].into_iter().any(|name| value(name).is_some()))
}

/// The date as `yyyy-mm-dd`.
fn clear_date(variable: &str, date: &str) -> Known {
    let dashed = match date.bytes().map(|byte| byte.is_ascii_digit()).collect::<Vec<_>>().as_slice() {
        [true, true, true, true, true, true, true, true] => {
            format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..])
        }
        _ => date.replace('/', "-"),
    };
    checked_date(dashed).map_err(|_| {
        format!(
            "{variable} is `{}`, but only existing dates in the forms yyyy-mm-dd, yyyy/mm/dd and yyyymmdd are \
             unambiguous",
            excerpt(date)
        )
    })
}

/// The name, unless it may be a shortened one with the job number.
fn full_name(variable: &str, name: String) -> Known {
    let mut behind = name.chars().skip(SHORT_NAME).peekable();
    if behind.peek().is_some() && behind.all(|character| character == ' ' || character.is_ascii_digit()) {
        return Err(format!(
            "{variable} is `{}`, which may be {SHORT_NAME} characters of the name followed by the job number",
            excerpt(&name)
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(environment: &[(&str, &str)]) -> Option<JobIdentity> {
        JobIdentity::from_environment(|name| {
            environment.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn windows(date: &str, job: &str) -> JobIdentity {
        let environment =
            [("SMA_MSLSAM_SCHEDULE_DATE", date), ("SMA_MSLSAM_SCHEDULE_NAME", "Night"), ("SMA_MSLSAM_JOB_NAME", job)];
        identity(&environment).unwrap()
    }

    #[test]
    fn both_agents_are_understood() {
        let expected = Some(JobIdentity {
            date: Ok("2026-01-31".into()),
            schedule: Ok("Night".into()),
            job: Ok("Start servers".into()),
        });
        assert_eq!(Some(windows("2026-01-31", "Start servers")), expected);
        let unix = [
            ("SMA_SCHEDULE_DATE", "20260131"),
            ("SMA_SCHEDULE_NAME", "Night"),
            ("SMA_USER_SPECIFIED_JOBNAME", "Start servers"),
            ("SMA_JOBNAME", "START SERVER 0000000123"),
        ];
        assert_eq!(identity(&unix), expected);
    }

    #[test]
    fn a_label_has_what_the_agent_set() {
        let label = |environment: &[(&str, &str)]| {
            job_label(|name| environment.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
        };
        let all = [
            ("SMA_SCHEDULE_DATE", "31.01.2026"),
            ("SMA_SCHEDULE_NAME", "Night"),
            ("SMA_USER_SPECIFIED_JOBNAME", "Start servers"),
        ];
        let expected = "OpCon job `Start servers`, schedule `Night`, schedule date `31.01.2026`";
        assert_eq!(label(&all).as_deref(), Some(expected));
        assert_eq!(label(&all[1..2]).as_deref(), Some("schedule `Night`"));
        let long = "x".repeat(201);
        assert_eq!(label(&[("SMA_SCHEDULE_NAME", &long)]), Some(format!("schedule `{}`", "x".repeat(200))));
        assert_eq!(label(&[("SMA_JOB_NAME", "x")]), None);
    }

    #[test]
    fn without_an_agent_there_is_no_identity() {
        assert_eq!(identity(&[("SMA_JOB_NAME", "x"), ("SMA_SCHEDULE_NAME", " ")]), None);
    }

    #[test]
    fn what_the_agent_did_not_set_is_named() {
        let identity = identity(&[("SMA_SCHEDULE_NAME", "Night")]).unwrap();
        assert_eq!(identity.schedule, Ok("Night".into()));
        assert_eq!(identity.date, Err("the agent did not set SMA_SCHEDULE_DATE".into()));
        assert_eq!(identity.job, Err("the agent did not set SMA_USER_SPECIFIED_JOBNAME".into()));
    }

    #[test]
    fn only_clear_dates_are_known() {
        for clear in ["2026-01-31", "2026/01/31", "20260131"] {
            assert_eq!(windows(clear, "J").date, Ok("2026-01-31".into()), "{clear}");
        }
        for unclear in [
            "31.01.2026",
            "01/02/2026",
            "26-01-31",
            "2026-1-31",
            "31012026",
            "01312026",
            "202601310",
            "\u{e9}2601312",
            "20260230",
            "2026/02/29",
            "2026-13-01",
        ] {
            let wrong = windows(unclear, "J").date.unwrap_err();
            assert!(wrong.starts_with("SMA_MSLSAM_SCHEDULE_DATE is `"), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_may_be_shortened_is_unknown() {
        for full in ["J", "Night job 12", "Start servers", "Start servers 2", "Night job 1-a2"] {
            assert_eq!(windows("2026-01-31", full).job, Ok(full.into()), "{full}");
        }
        for short in ["NIGHTLY     0000000123", "NIGHTLY_JOBS0000000123", "NIGHTLY_JOBS     0000000123"] {
            let wrong = windows("2026-01-31", short).job.unwrap_err();
            assert!(wrong.contains("may be 12 characters of the name followed by the job number"), "{wrong}");
        }
    }
}
