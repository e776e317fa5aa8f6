//! What a function sees of the world: EC2, OpCon's properties, the journal, and a place for event lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::BehaviorVersion;
use aws_sdk_ec2::config::retry::{RetryPartition, TokenBucket};
use aws_types::SdkConfig;

use crate::files::{self, Access};
use crate::option_list_store::OptionListStore;
use crate::property_store::PropertyStore;
use crate::records::{InMemory, Records};
use crate::{Error, ErrorKind, InstanceId, Journal, Result, attempts};

/// Where the lines of a running job go. The host prints and logs them at once, flushed line by line.
pub trait Reporter: Send + Sync {
    /// Something happened, as in `i-0abc (web): running`.
    fn event(&self, line: &str);
    /// Something needs the operator's eye, though the job goes on.
    fn warning(&self, line: &str);
    /// How far a wait is, told at every look: in one line, and in at most 20 characters. For what shows it as it comes;
    /// everything else ignores it.
    fn progress(&self, _line: &str, _status: &str) {}
    /// Whether progress is shown to a person as it comes. Otherwise a wait reports it as an event once a minute.
    fn shows_progress(&self) -> bool {
        false
    }
}

/// The answer to a change.
#[derive(Debug)]
pub struct Changed<T> {
    /// The answer of the last attempt.
    pub answer: T,
    /// Whether an attempt before it may have been acted on.
    pub repeated: bool,
}

/// Retries for every call of a client. AWS's own budget for retries is shared by all calls: the polls of a wait that fail
/// for minutes would leave none for the change that follows. The client for EC2 has it; that of another service takes it by
/// `retry_partition` of its configuration.
pub fn retry_partition() -> RetryPartition {
    RetryPartition::custom("jobs").token_bucket(TokenBucket::unlimited()).build()
}

/// The surroundings of one job.
pub struct Context {
    ec2: Client,
    aws: SdkConfig,
    journal: Journal,
    reporter: Arc<dyn Reporter>,
    properties: Arc<dyn PropertyStore>,
    option_lists: Arc<dyn OptionListStore>,
    records: Arc<dyn Records>,
    dry_run: bool,
    default_wait: Duration,
    folder: PathBuf,
}

impl Context {
    /// Starts a context from its indispensable parts.
    pub fn builder(
        ec2: Client,
        reporter: Arc<dyn Reporter>,
        properties: Arc<dyn PropertyStore>,
        option_lists: Arc<dyn OptionListStore>,
    ) -> ContextBuilder {
        ContextBuilder {
            context: Context {
                ec2,
                aws: SdkConfig::builder().behavior_version(BehaviorVersion::v2026_01_12()).build(),
                journal: Journal::default(),
                reporter,
                properties,
                option_lists,
                records: Arc::new(InMemory::default()),
                dry_run: false,
                default_wait: Duration::from_mins(10),
                folder: PathBuf::new(),
            },
        }
    }

    /// The client for EC2, with credentials, region, retries and time limits set.
    pub fn ec2(&self) -> &Client {
        &self.ec2
    }

    /// The configuration for clients of other AWS services: credentials, region, HTTP client, retries and time limits of the
    /// job, as in `aws_sdk_ssm::Client::new(cx.aws())`. An endpoint that the job gives for EC2 is not part of it: AWS has
    /// `AWS_ENDPOINT_URL_<SERVICE>` and the profile for those of other services. A client whose calls are polls takes
    /// [`retry_partition`] too.
    ///
    /// In a dry run the HTTP client sends only reads, and requests with `DryRun=true`; anything else is an error.
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The journal of the job.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Where OpCon's properties are saved.
    pub fn properties(&self) -> &dyn PropertyStore {
        &*self.properties
    }

    /// Where the option lists of job forms are kept.
    pub fn option_lists(&self) -> &dyn OptionListStore {
        &*self.option_lists
    }

    /// Small texts that outlive the job on this machine.
    pub fn records(&self) -> &dyn Records {
        &*self.records
    }

    /// Whether the job must only ask EC2 what would happen.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// How long to wait for instances when the job does not say.
    pub fn default_wait(&self) -> Duration {
        self.default_wait
    }

    /// The folder of the connector's own files: the one of its configuration, or the current one without it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a call that changes something in AWS. While it lasts, the journal has the action, as in `stopping i-0abc`, so
    /// that an interruption can name it. [`Changed::repeated`] says whether an earlier attempt of the same call may have
    /// been acted on: then the answer speaks of a second change.
    ///
    /// # Errors
    /// Those of the call, with the action. When an attempt may have been acted on and no answer shows that it was, the kind
    /// is [`ErrorKind::Unknown`](crate::ErrorKind::Unknown); in a dry run nothing can have been changed.
    pub async fn change<T>(&self, action: &str, call: impl Future<Output = Result<T>>) -> Result<Changed<T>> {
        self.journal.begin_change(action);
        let (answer, unclear) = attempts::watch(call).await;
        self.journal.end_change();
        match answer {
            Ok(answer) => Ok(Changed { answer, repeated: unclear > 0 }),
            Err(error) if !self.dry_run && (unclear > 0 || error.outcome_unknown()) => {
                Err(error.doing(action).into_unknown())
            }
            Err(error) => Err(error.doing(action)),
        }
    }

    /// Writes a file of this machine: whole or not at all, for the user of this job alone or as usual. A missing folder is
    /// created, a link is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::LocalFile`] when that is not possible. Where the file is the result of a change that is done, the function
    /// makes it [`ErrorKind::PropertyNotSaved`] by [`Error::into_kind`], for the exit code of results that were not delivered.
    pub fn write_file(&self, path: &Path, bytes: &[u8], access: Access) -> Result<()> {
        files::write(path, bytes, access).map_err(|error| {
            Error::new(ErrorKind::LocalFile, error.to_string())
                .doing(format!("writing {}", path.display()))
                .hint("give a path that this job may write to")
        })
    }

    /// Waits for so long.
    pub async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Reports what happened: one line, plain ASCII.
    pub fn event(&self, line: impl AsRef<str>) {
        self.reporter.event(line.as_ref());
    }

    /// Reports what needs the operator's eye: one line, plain ASCII.
    pub fn warning(&self, line: impl AsRef<str>) {
        self.reporter.warning(line.as_ref());
    }

    /// Reports why an instance failed, and records it in the journal.
    pub fn instance_failed(&self, id: &InstanceId, error: Error) {
        self.warning(error.to_string());
        self.journal.record_failure(id, error);
    }

    /// Tells how far a wait is, see [`Reporter::progress`]; as an event, too, when `due` and nobody sees it otherwise.
    pub fn progress(&self, line: &str, status: &str, due: bool) {
        self.reporter.progress(line, status);
        if due && !self.reporter.shows_progress() {
            self.reporter.event(line);
        }
    }
}

/// Sets the parts of a [`Context`] that have defaults.
pub struct ContextBuilder {
    context: Context,
}

impl ContextBuilder {
    /// Sets whether the job is a dry run; default: it is not.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.context.dry_run = dry_run;
        self
    }

    /// Sets the configuration for clients of other AWS services; without it they can send nothing.
    #[must_use]
    pub fn aws(mut self, config: SdkConfig) -> Self {
        self.context.aws = config;
        self
    }

    /// Sets the default time limit for waiting; 10 minutes without it.
    #[must_use]
    pub fn default_wait(mut self, default_wait: Duration) -> Self {
        self.context.default_wait = default_wait;
        self
    }

    /// Sets the folder of the connector's own files; the current one without it.
    #[must_use]
    pub fn folder(mut self, folder: PathBuf) -> Self {
        self.context.folder = folder;
        self
    }

    /// Sets where records are kept; without it they last as long as the job.
    #[must_use]
    pub fn records(mut self, records: Arc<dyn Records>) -> Self {
        self.context.records = records;
        self
    }

    /// The finished context.
    pub fn build(self) -> Context {
        self.context
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Job;

    #[test]
    fn a_file_that_cannot_be_written_is_named_with_a_kind_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let cx = Job::new(&[]).cx;
        let file = folder.path().join("out.txt");
        cx.write_file(&file, b"text", Access::Usual).unwrap();
        let error = cx.write_file(&file.join("below"), b"text", Access::OwnerOnly).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalFile);
        assert!(error.to_string().starts_with(&format!("writing {}: ", file.join("below").display())), "{error}");
    }
}
