//! The common arguments of all functions, and their types.

use std::path::PathBuf;

use connector_sdk::args::Always;
use connector_sdk::names::RegionName;
use connector_sdk::option_lists::OptionList;
use connector_sdk::wait::WAIT_TIMEOUT;
use connector_sdk::{Arg, ArgSpec, Inputs, OperationMeta, checked_text, choices};

/// The common arguments of a job, parsed.
#[derive(Debug, Default)]
pub struct Settings {
    /// The section of `Connector.config` with the credentials.
    pub user_id: Option<String>,
    /// The region.
    pub region: Option<RegionName>,
    /// The configuration file, if given.
    pub config: Option<PathBuf>,
    /// The folder of the log, if given.
    pub log_dir: Option<PathBuf>,
    /// Replaces the default endpoint of EC2.
    pub endpoint_url: Option<EndpointUrl>,
    /// Whether the job is a dry run.
    pub dry_run: bool,
    /// Whether the log contains all details.
    pub debug: bool,
    /// Whether to send status texts to the agent.
    pub status_text: bool,
    /// The output format.
    pub output: Output,
}

/// `--user-id NAME`.
const USER_ID: Arg<String> = Arg::new(
    "user-id",
    "NAME",
    "The section of `Connector.config` with the AWS keys. Without it, the default credential chain is used.",
);
/// `--region REGION`.
const REGION: Arg<RegionName> = Arg::new(
    "region",
    "REGION",
    "The AWS region, such as `us-east-1` or `US_EAST_1`. Default: the AWS settings, such as `AWS_REGION`.",
)
.option_list(OptionList::Regions);
/// `--config FILE`.
pub const CONFIG: Arg<PathBuf> = Arg::new(
    "config",
    "FILE",
    "The configuration file. Default: `Connector.config` in the current directory, then in the folder of the program.",
);
/// `--output text|json`.
pub const OUTPUT: Arg<Output, Always> =
    Arg::new("output", "FORM", "The output format; with `json`, stdout contains one JSON document.").default("text");
/// `--log-dir DIR`.
const LOG_DIR: Arg<PathBuf> =
    Arg::new("log-dir", "DIR", "The folder of the log. Default: `log` in the folder of the program.");
/// `--endpoint-url URL`.
const ENDPOINT_URL: Arg<EndpointUrl> =
    Arg::new("endpoint-url", "URL", "Send the EC2 requests to this URL instead of the default AWS endpoint.");
/// `--dry-run`.
const DRY_RUN: Arg<bool, Always> =
    Arg::flag("dry-run", "Check with EC2 whether the job would succeed; nothing is changed.");
/// `--debug`.
const DEBUG: Arg<bool, Always> = Arg::flag("debug", "Write more details to the log, but no secrets.");

/// `--status-text`.
const STATUS_TEXT: Arg<bool, Always> = Arg::flag(
    "status-text",
    "Show the progress of the job in OpCon, in at most 20 characters, if the agent supports it (`SMAStatus`, \
     `sma_status`).",
);

/// The name of `--user-id`.
pub const USER_ID_NAME: &str = USER_ID.spec.name;
/// The name of `--region`.
pub const REGION_NAME: &str = REGION.spec.name;
/// The name of `--endpoint-url`.
pub const ENDPOINT_URL_NAME: &str = ENDPOINT_URL.spec.name;
/// The name of `--log-dir`.
pub const LOG_DIR_NAME: &str = LOG_DIR.spec.name;

/// The common arguments.
pub const COMMON: &[ArgSpec] = &[
    USER_ID.spec,
    REGION.spec,
    CONFIG.spec,
    OUTPUT.spec,
    LOG_DIR.spec,
    ENDPOINT_URL.spec,
    DEBUG.spec,
    STATUS_TEXT.spec,
    DRY_RUN.spec,
];

/// The common arguments of a function: `--dry-run` only for functions that change something.
pub fn common_arguments(meta: &OperationMeta) -> impl Iterator<Item = &'static ArgSpec> {
    let changes_resources = meta.changes_resources;
    COMMON.iter().filter(move |spec| changes_resources || spec.name != DRY_RUN.spec.name)
}

/// The help text of an argument: its purpose, and its default.
pub fn help(spec: &ArgSpec) -> String {
    match spec.name {
        name if name == WAIT_TIMEOUT.spec.name => {
            format!("{} Default: `MAX_WAIT_TIME_FOR_STARTUP` in `Connector.config`, otherwise 10 minutes.", spec.help)
        }
        _ => spec.help.to_owned(),
    }
}

impl Settings {
    /// Reads the settings from the command line.
    pub fn parse(inputs: &Inputs, meta: &OperationMeta) -> Self {
        Settings {
            user_id: inputs.get(&USER_ID),
            region: inputs.get(&REGION),
            config: inputs.get(&CONFIG),
            log_dir: inputs.get(&LOG_DIR),
            endpoint_url: inputs.get(&ENDPOINT_URL),
            dry_run: meta.changes_resources && inputs.get(&DRY_RUN),
            debug: inputs.get(&DEBUG),
            status_text: inputs.get(&STATUS_TEXT),
            output: inputs.get(&OUTPUT),
        }
    }
}

choices! {
    /// The output format.
    #[derive(Default)]
    pub enum Output {
        #[default]
        /// Text for people.
        Text = "text",
        /// One JSON document on stdout, and text for people on stderr.
        Json = "json",
    }
}

checked_text! {
    /// An EC2 endpoint that replaces the default: `http://` or `https://`, and a host, without user name and password.
    pub struct EndpointUrl where is_http_url, else "must be a URL such as `https://host:port`, without user name and password";
}

fn is_http_url(text: &str) -> bool {
    let url = reqwest::Url::parse(text).ok();
    url.is_some_and(|url| {
        let is_plain = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && is_plain
    })
}
