//! Runs one job: prepare, perform, report.

use std::sync::Arc;

use connector_sdk::iam::changed_services;
use connector_sdk::ids::{InstanceId, list_of};
use connector_sdk::names::RegionName;
use connector_sdk::records::{InMemory, Records};
use connector_sdk::{
    ArgValue as _, Context, Error, ErrorKind, InstanceEntry, Journal, OperationMeta, Outcome, Reporter as _,
    ResourceResult, Result,
};
use opcon::{AwsKeys, signals};
use tokio::runtime::{self, Runtime};

use crate::arguments::output_form;
use crate::cli::Job;
use crate::console::Console;
use crate::log::Begin;
use crate::opcon_error::opcon_error;
use crate::properties::OpConProperties;
use crate::records::FileRecords;
use crate::report::{self, Report};
use crate::settings::{Output, Settings};
use crate::status_text::StatusText;
use crate::{aws, config, log, panics};

/// The end of a job whose arguments are refused, which the log contains as well.
pub fn refuse(args: &[impl AsRef<str>], function: Option<&str>, error: Error) -> u8 {
    let known = Begin::of_arguments(args);
    log::start(&known);
    let region = known.region.and_then(|region| RegionName::parse(region).ok());
    let region = region.as_ref().map(RegionName::as_str);
    let name = JobName { function, region, user_id: known.user_id };
    report_failure_to_start(output_form(args), &name, error)
}

/// The end of a job that could not start, with what is known about it.
fn report_failure_to_start(output: Output, job: &JobName<'_>, error: Error) -> u8 {
    let JobName { function, region, user_id } = *job;
    let console = Console::new(output);
    if let Some(line) = job.first_line() {
        let _ = console.first_line(&line);
    }
    let (iam_actions, result) = (&[], &Err(error));
    let report = Report { function, iam_actions, region, user_id, journal: None, config: None, result };
    report::finish(&console, &report)
}

/// What the first line of the output names, as far as it is known.
#[derive(Clone, Copy, Default)]
struct JobName<'a> {
    /// The function.
    function: Option<&'a str>,
    /// The region.
    region: Option<&'a str>,
    /// The given user ID.
    user_id: Option<&'a str>,
}

impl JobName<'_> {
    /// The first line of a job that cannot start. `None` if no more than the function is known, which the verdict names.
    fn first_line(&self) -> Option<String> {
        let function = self.function.filter(|_| self.region.is_some() || self.user_id.is_some())?;
        let region = self.region.map(|region| format!(" in {region}")).unwrap_or_default();
        let user_id = self.user_id.map(|id| format!(", user id {id}")).unwrap_or_default();
        Some(format!("{function}{region}{user_id}"))
    }
}

/// Runs a job and reports its result, also after errors and panics.
pub fn run(job: &Job) -> u8 {
    let console = Arc::new(console_of(job));
    let (name, iam_actions) = (job.meta.name, job.meta.iam_actions);
    let function = Some(name);
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = Error::new(ErrorKind::Service, error.to_string()).doing("preparing the job");
            let (region, user_id) = (job.settings.region.as_ref(), job.settings.user_id.as_deref());
            let name = JobName { function, region: region.map(|region| region.as_str()), user_id };
            return report_failure_to_start(console.output(), &name, error);
        }
    };
    let (user_id, config) = (job.settings.user_id.as_deref(), job.settings.config.as_ref());
    let region = panics::guard(name, || Ok(runtime.block_on(aws::region_of(&job.settings)))).unwrap_or_default();
    let prepared_job = match panics::guard(name, || runtime.block_on(prepare(job, region.as_deref(), &console))) {
        Ok(prepared_job) => prepared_job,
        Err(error) => {
            let (region, result) = (region.as_deref(), Err(error));
            let report = Report { function, iam_actions, region, user_id, journal: None, config, result: &result };
            return report::finish(&console, &report);
        }
    };
    let result = panics::guard(name, || perform(&runtime, job, &prepared_job.context));
    // A thread may still resolve a host name. The job does not wait for it.
    runtime.shutdown_background();
    let (region, journal) = (Some(prepared_job.region.as_str()), Some(prepared_job.context.journal()));
    report::finish(&console, &Report { function, iam_actions, region, user_id, journal, config, result: &result })
}

/// The console of a job. It sends status texts to the agent if the job requests it and the agent supports it.
fn console_of(job: &Job) -> Console {
    let console = Console::new(job.settings.output);
    if !job.settings.status_text {
        return console;
    }
    match StatusText::of_agent() {
        Ok(status) => console.with_status(status),
        Err(wrong) => {
            console.warning(&format!("status texts are not shown: {wrong}"));
            console
        }
    }
}

/// A job with its resources, ready to run.
struct PreparedJob {
    region: String,
    context: Context,
}

/// Prepares the job and prints its first line, also if it cannot start. Sends nothing to EC2 or OpCon.
async fn prepare(job: &Job, region: Option<&str>, console: &Arc<Console>) -> Result<PreparedJob> {
    let prepared = create(job, console).await;
    let printed = console.first_line(&first_line(job, region));
    prepared.and_then(|prepared| printed.map(|()| prepared))
}

/// The first line of the job.
fn first_line(job: &Job, region: Option<&str>) -> String {
    let region = region.map_or(", unknown region".to_owned(), |region| format!(" in {region}"));
    let user_id = job.settings.user_id.as_ref();
    let who = user_id.map_or("default credential chain".to_owned(), |id| format!("user id {id}"));
    format!("{}{region}, {who}", job.meta.name)
}

/// Reads the configuration, and creates the context.
async fn create(job: &Job, console: &Arc<Console>) -> Result<PreparedJob> {
    let settings = &job.settings;
    let config = config::read(settings.config.as_deref(), settings.user_id.as_deref());
    let debug = config.as_ref().is_ok_and(|config| config.as_ref().is_some_and(|config| config.debug()));
    log::start(&Begin::of_job(settings, debug)); // also for an error of the configuration
    let config = config?;
    let keys = match (&config, &settings.user_id) {
        (Some(config), Some(user_id)) => Some(config.user(user_id).map_err(opcon_error)?),
        _ => None,
    };
    let opcon = Arc::new(OpConProperties::new(config.as_ref(), console.clone())?);
    let of_config = config.as_ref().and_then(|config| config::warning(config.path()));
    of_config.iter().chain(&opcon.warning()).chain(&job.warnings).for_each(|warning| console.warning(warning));
    let user = aws::User { declared: job.meta.iam_actions, reporter: console.clone(), is_patient: true };
    let account = aws::Account::load(settings, keys.as_ref(), user).await?;
    let mut context = Context::builder(account.ec2(), console.clone(), opcon.clone(), opcon)
        .aws(account.config().clone())
        .dry_run(settings.dry_run)
        .records(records(settings, keys.as_ref(), &account.region))
        .folder(config::folder(config.as_ref()));
    if let Some(config) = &config {
        context = context.default_wait(config.max_wait());
    }
    Ok(PreparedJob { region: account.region, context: context.build() })
}

/// The record store of the job. Without a folder the records are kept in memory.
fn records(settings: &Settings, keys: Option<&AwsKeys>, region: &str) -> Arc<dyn Records> {
    match log::folder(settings.log_dir.as_deref()) {
        Some(folder) => Arc::new(FileRecords::new(&folder, &aws::account_label(keys), region)),
        None => Arc::new(InMemory::default()),
    }
}

/// Runs the operation until it ends or is interrupted.
fn perform(runtime: &Runtime, job: &Job, context: &Context) -> Result<Outcome> {
    runtime.block_on(async {
        tokio::select! {
            result = job.prepared.run(context) => result,
            signal = signals::interrupted() => Err(interruption(signal, job.meta, context)),
        }
    })
}

fn interruption(signal: std::io::Result<&'static str>, meta: &OperationMeta, context: &Context) -> Error {
    let services = changed_services(meta.iam_actions);
    let error = match signal {
        Ok(signal) => Error::new(ErrorKind::Interrupted, format!("interrupted by {signal}")),
        Err(error) => Error::new(ErrorKind::Service, error.to_string()).doing("listening for signals"),
    };
    let mut open = context.journal().unresolved_changes();
    open.extend(unknown_instances(context.journal()));
    if !open.is_empty() {
        let token = context.journal().last_launch().map(|(token, _)| format!(" (client token {token})"));
        let (open, token) = (open.join("; "), token.unwrap_or_default());
        error.hint(format!("check in {services} whether this was done before you run the job again: {open}{token}"))
    } else if context.journal().anything_changed() {
        let what = if context.journal().instances().is_empty() { "results" } else { "instances" };
        error.hint(format!("check the {what} in this output: {services} completes the actions that it accepted"))
    } else {
        error
    }
}

/// The instances with an unknown outcome.
fn unknown_instances(journal: &Journal) -> Option<String> {
    let entries = journal.instances();
    let is_unknown = |entry: &&InstanceEntry| entry.result == Some(ResourceResult::Unknown) && entry.error.is_some();
    let ids: Vec<InstanceId> = entries.iter().filter(is_unknown).map(|entry| entry.id.clone()).collect();
    (!ids.is_empty()).then(|| format!("changing {}", list_of(&ids)))
}

#[cfg(test)]
mod tests {
    use connector_sdk::iam::IamAction;
    use connector_sdk::testing::Job;

    use super::*;

    #[test]
    fn an_interruption_names_the_service_that_may_have_acted() {
        let meta = OperationMeta::new("PublishMessage", "Publish a message.")
            .iam_actions(const { &[IamAction::change("sns:Publish")] });
        let cx = Job::new(&[]).cx;
        cx.journal().begin_change("publishing a message");
        let hint = interruption(Ok("SIGTERM"), &meta, &cx).hint_text().unwrap().to_owned();
        assert_eq!(hint, "check in SNS whether this was done before you run the job again: publishing a message");
    }
}
