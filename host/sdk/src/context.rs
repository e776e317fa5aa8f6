//! What a function sees of the world: EC2, OpCon's properties, the journal, and a place for event lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::Client;

use crate::lists::ListStore;
use crate::property_store::PropertyStore;
use crate::records::{InMemory, Records};
use crate::{Journal, Result, attempts};

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

/// The surroundings of one job.
pub struct Context {
    ec2: Client,
    journal: Journal,
    reporter: Arc<dyn Reporter>,
    properties: Arc<dyn PropertyStore>,
    lists: Arc<dyn ListStore>,
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
        lists: Arc<dyn ListStore>,
    ) -> ContextBuilder {
        ContextBuilder {
            context: Context {
                ec2,
                journal: Journal::default(),
                reporter,
                properties,
                lists,
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

    /// The journal of the job.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Where OpCon's properties are saved.
    pub fn properties(&self) -> &dyn PropertyStore {
        &*self.properties
    }

    /// Where the lists of job forms are kept.
    pub fn lists(&self) -> &dyn ListStore {
        &*self.lists
    }

    /// Small texts that outlive the job on this machine.
    pub fn records(&self) -> &dyn Records {
        &*self.records
    }

    /// Whether the job must only ask EC2 what would happen.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// How long to wait for instances when the job does not say: `MAX_WAIT_TIME_FOR_STARTUP`.
    pub fn default_wait(&self) -> Duration {
        self.default_wait
    }

    /// The folder of the connector's own files: the one of `Connector.config`, or the current one without it.
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
        self.journal.begin(action);
        let (answer, unclear) = attempts::watch(call).await;
        self.journal.end();
        match answer {
            Ok(answer) => Ok(Changed { answer, repeated: unclear > 0 }),
            Err(error) if !self.dry_run && (unclear > 0 || error.leaves_open()) => {
                Err(error.doing(action).into_unknown())
            }
            Err(error) => Err(error.doing(action)),
        }
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
