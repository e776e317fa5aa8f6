//! Creates a key pair, and deletes it if its private key is lost.

use connector_sdk::ec2;
use connector_sdk::ec2::config::retry::RetryConfig;
use connector_sdk::ec2::operation::create_key_pair::CreateKeyPairOutput;
use connector_sdk::ec2::types::{KeyFormat, ResourceType};
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use super::find::find;
use crate::arguments::key::{Key, KeyName};
use crate::prerequisites::look_up::{AFTER_LOST_ANSWER, LookUpResult, UNTIL_SHOWN, look_up, pause};
use crate::prerequisites::run_tags::{CLIENT_TOKEN, RunTags, refuses_tags};
use crate::private_key::{NotStored, ReservedFile};

/// The maximum number of creations after lost answers.
const CREATIONS: usize = 3;

/// Creates the key pair and stores its private key in the file. A key pair that another run creates meanwhile is used.
///
/// # Errors
/// Those of EC2 and of the file; [`ErrorKind::Unknown`] when EC2 may have a key pair whose private key is lost. Then,
/// and when such a key pair could not be deleted, the empty file is kept.
pub async fn create(cx: &Context, key: &Key, run_tags: &RunTags, mut file: ReservedFile) -> Result<()> {
    file.keep_if_empty(true); // also when the job is interrupted
    let action =
        format!("creating key pair {}, whose private key would be lost (client token {})", key.name, run_tags.token());
    let mut creation = Creation { cx, key, run_tags, action, tagged: true, had_lost_answer: false, unknown: None };
    match creation.run().await {
        Ok(Some(created)) => creation.store(file, &created).await,
        outcome => {
            file.keep_if_empty(creation.unknown.is_some());
            outcome.map(drop)
        }
    }
}

struct Creation<'a> {
    cx: &'a Context,
    key: &'a Key,
    run_tags: &'a RunTags,
    /// The action for the journal, reported on interruption.
    action: String,
    /// Whether the key pair is created with the tags of this run.
    tagged: bool,
    /// Whether an answer was lost, so that an existing key pair may belong to this run.
    had_lost_answer: bool,
    /// Why EC2 may have, or has, a key pair of this run without a private key.
    unknown: Option<Error>,
}

impl Creation<'_> {
    fn name(&self) -> &KeyName {
        &self.key.name
    }

    /// Creates the key pair, and retries until its private key is received; `None` if another run has created it.
    async fn run(&mut self) -> Result<Option<CreateKeyPairOutput>> {
        let mut creations = 1;
        loop {
            match self.send().await {
                Ok(created) if created.key_material().is_some_and(|material| !material.trim().is_empty()) => {
                    self.resolve();
                    return Ok(Some(created));
                }
                Ok(_) => {
                    let error = Error::new(ErrorKind::Unknown, "EC2 returned no private key");
                    self.mark_unknown(error.doing(format!("creating key pair {}", self.name())));
                }
                Err(error) if self.tagged && refuses_tags(&error) => {
                    self.tagged = false;
                    continue;
                }
                Err(error) if error.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE) => {
                    if !self.had_lost_answer && error.kind() != ErrorKind::Unknown {
                        return Ok(self.use_existing());
                    }
                    self.mark_unknown(error);
                }
                Err(error) if error.kind() == ErrorKind::Unknown => self.mark_unknown(error),
                Err(error) if error.kind() == ErrorKind::Unavailable && creations < CREATIONS => {
                    self.cx.warning(error.to_string());
                    pause(self.cx).await;
                }
                Err(error) => return Err(self.unknown.as_ref().map_or(error, |unknown| self.explain(unknown))),
            }
            if let Some(unknown) = self.unknown.clone()
                && self.resolve_lost_answer(&unknown).await?
            {
                return Ok(self.use_existing());
            }
            creations += 1;
            if creations > CREATIONS {
                return Err(self.unknown_creation());
            }
        }
    }

    /// Sends the request once: a retry by the AWS SDK after a lost answer would fail because the key pair exists, and
    /// its private key would be lost.
    async fn send(&self) -> Result<CreateKeyPairOutput> {
        let once = ec2::Config::builder().retry_config(RetryConfig::disabled());
        let tags = self.tagged.then(|| vec![self.run_tags.to_ec2(ResourceType::KeyPair)]);
        let request = self.cx.ec2().create_key_pair().key_name(self.name().as_str());
        let request =
            request.key_type(self.key.key_type.to_ec2()).key_format(KeyFormat::Pem).set_tag_specifications(tags);
        let call = async {
            let answer = request.customize().config_override(once).send().await;
            answer.doing(|| format!("creating key pair {}", self.name()))
        };
        Ok(self.cx.change(&self.action, call).await?.answer)
    }

    /// Looks up the key pair after a lost answer, and deletes it if it belongs to this run. Returns whether another run
    /// has created it.
    async fn resolve_lost_answer(&mut self, unknown: &Error) -> Result<bool> {
        self.cx.warning(unknown.to_string());
        let exists = unknown.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE);
        let times = if exists { UNTIL_SHOWN } else { AFTER_LOST_ANSWER };
        match look_up(self.cx, times, || find(self.cx, self.name(), self.run_tags)).await {
            LookUpResult::Ours(id) => self.delete(&id).await.map(|()| false),
            LookUpResult::Other(_) if self.tagged => Ok(true),
            LookUpResult::NotFound => Ok(false),
            LookUpResult::Other(_) | LookUpResult::NoAnswer => Err(self.explain(unknown)),
        }
    }

    /// Deletes a key pair of this run whose private key is lost.
    async fn delete(&mut self, id: &str) -> Result<()> {
        let (cx, action) = (self.cx, format!("deleting key pair {} ({id})", self.name()));
        let request = cx.ec2().delete_key_pair().key_pair_id(id);
        let deleted = cx.change(&action, async { request.send().await.doing(|| action.clone()) }).await;
        if let Err(error) = deleted {
            cx.journal().record_other_change();
            if error.kind() != ErrorKind::Unknown {
                cx.journal().resolve_change(&self.action); // the outcome is known: the key pair exists
            }
            return Err(error.hint(self.cleanup_hint()));
        }
        cx.event(format!(
            "key pair {}: created by this job, but the response was lost, so it is deleted again ({id})",
            self.name()
        ));
        self.resolve();
        Ok(())
    }

    /// Stores the private key. If that fails, the key is lost, so the key pair is deleted.
    async fn store(&mut self, mut file: ReservedFile, created: &CreateKeyPairOutput) -> Result<()> {
        let cx = self.cx;
        let Err(NotStored { error, moved_to }) = file.store(created.key_material().unwrap_or_default()) else {
            cx.journal().record_other_change();
            let path = file.path().display();
            cx.event(format!("key pair {}: created, its private key is in {path}", self.name()));
            return Ok(());
        };
        let failed = |kind, what: String| Error::new(kind, format!("{error}; {what}"));
        let hint = moved_to.map_or_else(|| self.cleanup_hint(), |place| self.moved_hint(&place));
        let Some(id) = self.id_if_own(created).await else {
            cx.journal().record_other_change();
            return Err(failed(error.kind(), format!("key pair {} is kept", self.name())).hint(hint));
        };
        match self.delete(&id).await {
            Ok(()) => {
                file.keep_if_empty(false);
                Err(failed(error.kind(), format!("key pair {} was deleted again", self.name())))
            }
            Err(second) if second.kind() == ErrorKind::Unknown => {
                Err(failed(ErrorKind::Unknown, second.to_string()).hint(hint))
            }
            Err(second) => Err(failed(error.kind(), second.to_string()).hint(hint)),
        }
    }

    /// The id of the key pair, if the answer or EC2 shows the tags of this run.
    async fn id_if_own(&self, created: &CreateKeyPairOutput) -> Option<String> {
        if let Some(id) = created.key_pair_id().filter(|_| self.run_tags.are_in(created.tags())) {
            return Some(id.to_owned());
        }
        let found = match self.tagged {
            true => look_up(self.cx, AFTER_LOST_ANSWER, || find(self.cx, self.name(), self.run_tags)).await,
            false => LookUpResult::NotFound,
        };
        if let LookUpResult::Ours(id) = found { Some(id) } else { None }
    }

    fn mark_unknown(&mut self, error: Error) {
        self.had_lost_answer = true;
        self.unknown = Some(error);
        self.cx.journal().resolve_change(&self.action);
        self.cx.journal().record_unknown_change(&self.action);
    }

    fn resolve(&mut self) {
        self.unknown = None;
        self.cx.journal().resolve_change(&self.action);
    }

    fn use_existing(&mut self) -> Option<CreateKeyPairOutput> {
        self.resolve();
        self.cx.event(format!("key pair {}: created by another job in the meantime, used as is", self.name()));
        None
    }

    /// The error after the last creation.
    fn unknown_creation(&self) -> Error {
        match &self.unknown {
            Some(unknown) => self.explain(unknown),
            None => Error::new(
                ErrorKind::Unavailable,
                format!("no response to {CREATIONS} requests; none of their key pairs is left"),
            )
            .doing(format!("creating key pair {}", self.name())),
        }
    }

    /// The error of a creation of unknown outcome.
    fn explain(&self, unknown: &Error) -> Error {
        unknown.clone().into_kind(ErrorKind::Unknown).hint(self.cleanup_hint())
    }

    fn cleanup_hint(&self) -> String {
        let (name, tag) = (self.name(), self.tag());
        format!(
            "before you run the job again, delete key pair {name}{tag} in EC2 if it exists: its private key is lost"
        )
    }

    /// The hint for a private key that somebody has moved, and may know.
    fn moved_hint(&self, place: &str) -> String {
        let (name, tag) = (self.name(), self.tag());
        format!("find out who moved the private key to {place}, or delete key pair {name}{tag} in EC2")
    }

    fn tag(&self) -> String {
        if self.tagged { format!(" with the tag {CLIENT_TOKEN}={}", self.run_tags.token()) } else { String::new() }
    }
}
