//! The way of one job: prepare, perform, report.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use connector_sdk::ids::{InstanceId, list_of};
use connector_sdk::records::{InMemory, Records};
use connector_sdk::{
    Context, Error, ErrorKind, InstanceEntry, Journal, Outcome, Reporter as _, ResourceResult, Result,
};
use opcon::AwsKeys;
use tokio::runtime::{self, Runtime};

use crate::cli::Job;
use crate::console::Console;
use crate::opcon_error::opcon_error;
use crate::properties::OpConProperties;
use crate::records::FileRecords;
use crate::report::{self, Report};
use crate::settings::{Output, Settings};
use crate::status_text::StatusText;
use crate::{aws, config, log, signals};

/// The end of what never became a job.
pub fn end_without(output: Output, function: Option<&str>, error: Error) -> u8 {
    let report = Report { function, region: None, user_id: None, journal: None, config: None, result: &Err(error) };
    report::finish(&Console::new(output), &report)
}

/// Runs a job, whatever happens to it, to its report.
pub fn run(job: &Job) -> u8 {
    let console = Arc::new(console_of(job));
    let name = job.meta.name;
    let panic_place = remember_panics();
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = Error::new(ErrorKind::Service, error.to_string()).doing("preparing the job");
            return end_without(console.output(), Some(name), error);
        }
    };
    let defect = || {
        let place = panic_place.lock().map(|place| place.clone()).unwrap_or_default();
        Error::new(ErrorKind::Bug, format!("a defect in the program: {place}"))
            .doing(format!("running {name}"))
            .hint("report it with this output; what was done until then is shown here")
    };
    let (user_id, config) = (job.settings.user_id.as_deref(), job.settings.config.as_ref());
    let prepared = catch_unwind(AssertUnwindSafe(|| runtime.block_on(prepare(job, &console))));
    let surroundings = match prepared.unwrap_or_else(|_| Err(defect())) {
        Ok(surroundings) => surroundings,
        Err(error) => {
            let region = job.settings.region.as_ref().map(|region| region.as_str());
            let result = Err(error);
            let report = Report { function: Some(name), region, user_id, journal: None, config, result: &result };
            return report::finish(&console, &report);
        }
    };
    let result = perform(&runtime, job, &surroundings.context).unwrap_or_else(|()| Err(defect()));
    // A thread may still be looking up a host name: the job does not wait for it.
    runtime.shutdown_background();
    let (region, journal) = (Some(surroundings.region.as_str()), Some(surroundings.context.journal()));
    report::finish(&console, &Report { function: Some(name), region, user_id, journal, config, result: &result })
}

/// The console of a job, which hands texts to the agent when the job wants it and the agent can take them.
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

/// Keeps where a panic happened, instead of printing it.
fn remember_panics() -> Arc<Mutex<String>> {
    let place = Arc::new(Mutex::new(String::new()));
    let kept = place.clone();
    panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        if let Ok(mut place) = kept.lock() {
            *place = panic.to_string();
        }
    }));
    place
}

/// All that a job needs around it.
struct Surroundings {
    region: String,
    context: Context,
}

/// Reads the configuration, prints the first line and makes the context. Nothing is sent to EC2 or OpCon yet.
async fn prepare(job: &Job, console: &Arc<Console>) -> Result<Surroundings> {
    let settings = &job.settings;
    let config = config::read(settings.config.as_deref(), settings.user_id.as_deref())?;
    log::start(settings.log_dir.as_deref(), settings.debug || config.as_ref().is_some_and(|config| config.debug()));
    let keys = match (&config, &settings.user_id) {
        (Some(config), Some(user_id)) => Some(config.user(user_id).map_err(opcon_error)?),
        _ => None,
    };
    let opcon = Arc::new(OpConProperties::new(config.as_ref())?);
    opcon.warning().iter().chain(&job.warnings).for_each(|warning| console.warning(warning));
    let account = aws::Account::load(settings, keys.as_ref()).await?;
    let who = settings.user_id.as_ref().map_or("default credential chain".to_owned(), |id| format!("user id {id}"));
    console.first_line(&format!("{} in {}, {who}", job.meta.name, account.region))?;
    let mut context = Context::builder(account.ec2(), console.clone(), opcon.clone(), opcon)
        .aws(account.config().clone())
        .dry_run(settings.dry_run)
        .records(records(settings, keys.as_ref(), &account.region))
        .folder(config::folder(config.as_ref()));
    if let Some(config) = &config {
        context = context.default_wait(config.max_wait());
    }
    Ok(Surroundings { region: account.region, context: context.build() })
}

/// The records of the job. Without a folder for them they last as long as the job.
fn records(settings: &Settings, keys: Option<&AwsKeys>, region: &str) -> Arc<dyn Records> {
    match log::folder(settings.log_dir.as_deref()) {
        Some(folder) => Arc::new(FileRecords::new(&folder, &aws::account_label(keys), region)),
        None => Arc::new(InMemory::default()),
    }
}

/// Runs the operation until it ends or is interrupted. `Err(())` is a panic.
fn perform(runtime: &Runtime, job: &Job, context: &Context) -> Result<Result<Outcome>, ()> {
    let work = async {
        tokio::select! {
            result = job.prepared.run(context) => result,
            signal = signals::interrupted() => Err(interruption(signal, context)),
        }
    };
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(work))).map_err(drop)
}

fn interruption(signal: std::io::Result<&'static str>, context: &Context) -> Error {
    let error = match signal {
        Ok(signal) => Error::new(ErrorKind::Interrupted, format!("interrupted by {signal}")),
        Err(error) => Error::new(ErrorKind::Service, error.to_string()).doing("listening for signals"),
    };
    let mut open = context.journal().unresolved_changes();
    open.extend(unknown_instances(context.journal()));
    if !open.is_empty() {
        let token = context.journal().last_launch().map(|(token, _)| format!(" (client token {token})"));
        let (open, token) = (open.join("; "), token.unwrap_or_default());
        error.hint(format!("EC2 may have done this all the same: {open}{token}; look before the job runs again"))
    } else if context.journal().anything_changed() {
        error.hint("what EC2 has accepted goes on; this output shows it")
    } else {
        error
    }
}

/// The instances of which nobody knows what became of them, as a change.
fn unknown_instances(journal: &Journal) -> Option<String> {
    let entries = journal.instances();
    let is_unknown = |entry: &&InstanceEntry| entry.result == Some(ResourceResult::Unknown) && entry.error.is_some();
    let ids: Vec<InstanceId> = entries.iter().filter(is_unknown).map(|entry| entry.id.clone()).collect();
    (!ids.is_empty()).then(|| format!("changing {}", list_of(&ids)))
}
