//! The context of a job: EC2 client, OpCon properties, journal and output.

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

/// The output of a running job. The host prints and logs each line at once.
pub trait Reporter: Send + Sync {
    /// Reports an event, e.g. `i-0abc (web): running`.
    fn event(&self, line: &str);
    /// Reports a warning; the job continues.
    fn warning(&self, line: &str);
    /// Shows the progress of a wait after each poll: one line, and a short form of at most 20 characters. Only
    /// interactive output implements this.
    fn progress(&self, _line: &str, _status: &str) {}
    /// Whether progress is shown interactively. Otherwise a wait reports it as an event once a minute.
    fn shows_progress(&self) -> bool {
        false
    }
}

/// The answer to a call that changes something.
#[derive(Debug)]
pub struct Changed<T> {
    /// The answer of the last attempt.
    pub answer: T,
    /// Whether AWS may have acted on an earlier attempt.
    pub repeated: bool,
}

/// Gives every call of a client its own retries. By default, the AWS SDK shares one retry quota between all calls, so
/// polls that fail for minutes would leave none for the next call. The EC2 client uses this partition; clients of other
/// services set it as the `retry_partition` of their configuration.
pub fn retry_partition() -> RetryPartition {
    RetryPartition::custom("jobs").token_bucket(TokenBucket::unlimited()).build()
}

/// The context of one job.
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
    /// Starts a builder from the mandatory parts.
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

    /// The EC2 client, with credentials, region, retries and timeouts.
    pub fn ec2(&self) -> &Client {
        &self.ec2
    }

    /// The configuration for clients of other AWS services: credentials, region, HTTP client, retries and timeouts of
    /// the job, as in `aws_sdk_ssm::Client::new(cx.aws())`. The job's endpoint URL applies to EC2 only; for other
    /// services, AWS reads `AWS_ENDPOINT_URL_<SERVICE>` and the profile. A client that polls uses [`retry_partition`]
    /// too; one whose changes must not be repeated has the retry classifier
    /// [`SentOnce`](crate::attempts::SentOnce), see [`Context::change_once`]:
    ///
    /// ```text
    /// let config = aws_sdk_ssm::config::Builder::from(cx.aws()).retry_classifier(SentOnce).build();
    /// let ssm = aws_sdk_ssm::Client::from_conf(config);
    /// ```
    ///
    /// In a dry run, the HTTP client sends only reads and requests with `DryRun=true`; anything else is an error.
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// The journal of the job.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The OpCon properties.
    pub fn properties(&self) -> &dyn PropertyStore {
        &*self.properties
    }

    /// The option lists of job forms.
    pub fn option_lists(&self) -> &dyn OptionListStore {
        &*self.option_lists
    }

    /// Small records that outlive the job on this machine.
    pub fn records(&self) -> &dyn Records {
        &*self.records
    }

    /// Whether the job is a dry run.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// The default timeout of a wait.
    pub fn default_wait(&self) -> Duration {
        self.default_wait
    }

    /// The folder of the connector's files: that of its configuration, or the current folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a call that changes something in AWS. Meanwhile the journal contains the action, e.g. `stopping i-0abc`, so
    /// that an interruption can report it. If [`Changed::repeated`], AWS may have acted on an earlier attempt, and the
    /// answer describes the second request.
    ///
    /// # Errors
    /// Those of the call, with the action; [`ErrorKind::Unknown`](crate::ErrorKind::Unknown) when AWS may have acted on
    /// an attempt and no answer confirms it. In a dry run, nothing can have changed.
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

    /// The same for a call without a client token, whose repetition would change something twice: the AWS SDK repeats it
    /// only when AWS has not acted on it because of throttling. The client for EC2 takes part in this; see [`Context::aws`]
    /// for other services.
    ///
    /// # Errors
    /// Those of [`Context::change`].
    pub async fn change_once<T>(&self, action: &str, call: impl Future<Output = Result<T>>) -> Result<Changed<T>> {
        self.change(action, attempts::once(Box::pin(call))).await // calls of the AWS SDK need much of the stack
    }

    /// Writes a local file atomically. A missing folder is created, a link is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::LocalFile`] when the file cannot be written. If the file is the result of a completed change, the
    /// function converts it with [`Error::into_kind`] to [`ErrorKind::PropertyNotSaved`], for the exit code of
    /// undelivered results.
    pub fn write_file(&self, path: &Path, bytes: &[u8], access: Access) -> Result<()> {
        files::write(path, bytes, access).map_err(|error| {
            Error::new(ErrorKind::LocalFile, error.to_string())
                .doing(format!("writing {}", path.display()))
                .hint("use a path that the user of this job can write to")
        })
    }

    /// Sleeps for this time.
    pub async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Reports an event: one line, plain ASCII.
    pub fn event(&self, line: impl AsRef<str>) {
        self.reporter.event(line.as_ref());
    }

    /// Reports a warning: one line, plain ASCII.
    pub fn warning(&self, line: impl AsRef<str>) {
        self.reporter.warning(line.as_ref());
    }

    /// Reports why an instance failed, and records it in the journal.
    pub fn instance_failed(&self, id: &InstanceId, error: Error) {
        self.warning(error.to_string());
        self.journal.record_failure(id, error);
    }

    /// Reports the progress of a wait, see [`Reporter::progress`]; as an event, too, when `due` and no interactive
    /// output shows it.
    pub fn progress(&self, line: &str, status: &str, due: bool) {
        self.reporter.progress(line, status);
        if due && !self.reporter.shows_progress() {
            self.reporter.event(line);
        }
    }
}

/// Builds a [`Context`].
pub struct ContextBuilder {
    context: Context,
}

impl ContextBuilder {
    /// Sets whether the job is a dry run; default: `false`.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.context.dry_run = dry_run;
        self
    }

    /// Sets the configuration for clients of other AWS services; without it, they cannot send requests.
    #[must_use]
    pub fn aws(mut self, config: SdkConfig) -> Self {
        self.context.aws = config;
        self
    }

    /// Sets the default timeout of waits; default: 10 minutes.
    #[must_use]
    pub fn default_wait(mut self, default_wait: Duration) -> Self {
        self.context.default_wait = default_wait;
        self
    }

    /// Sets the folder of the connector's files; default: the current folder.
    #[must_use]
    pub fn folder(mut self, folder: PathBuf) -> Self {
        self.context.folder = folder;
        self
    }

    /// Sets the store for records; default: in memory.
    #[must_use]
    pub fn records(mut self, records: Arc<dyn Records>) -> Self {
        self.context.records = records;
        self
    }

    /// Builds the context.
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
