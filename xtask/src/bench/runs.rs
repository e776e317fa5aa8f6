//! The option for the number of runs.

use clap::builder::RangedU64ValueParser;
use clap::{Arg, ArgMatches};

/// The option `--runs`.
pub fn runs_argument(default: &'static str) -> Arg {
    Arg::new("runs")
        .long("runs")
        .value_name("NUMBER")
        .value_parser(RangedU64ValueParser::<usize>::new().range(1..=1000))
        .default_value(default)
        .help("The number of runs of each job; the results are medians")
}

/// The value of `--runs`.
pub fn runs(matches: &ArgMatches) -> usize {
    matches.get_one("runs").copied().unwrap_or(1)
}
