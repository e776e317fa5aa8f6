//! Creates a key pair, and sees to it that none stays whose private key nobody has.

use connector_sdk::ec2;
use connector_sdk::ec2::config::retry::RetryConfig;
use connector_sdk::ec2::operation::create_key_pair::CreateKeyPairOutput;
use connector_sdk::ec2::types::{KeyFormat, ResourceType};
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use super::find::find;
use crate::arguments::key::{Key, KeyName};
use crate::prerequisites::look_up::{AFTER_LOST_ANSWER, Found, UNTIL_SHOWN, look_up, pause};
use crate::prerequisites::run_tags::{CLIENT_TOKEN, RunTags, refuses_tags};
use crate::private_key::ReservedFile;

/// How often the key pair is created at most while answers are lost.
const CREATIONS: usize = 3;

/// Creates the key pair and stores its private key in the file. One that another run creates meanwhile is used as it is.
///
/// # Errors
/// Those of EC2 and of the file; [`ErrorKind::Unknown`] when EC2 may have a key pair whose private key nobody has. Then, and
/// when such a key pair could not be deleted, the file stays, empty.
pub async fn create(cx: &Context, key: &Key, run_tags: &RunTags, mut file: ReservedFile) -> Result<()> {
    file.keep_if_empty(true); // also when the job is interrupted
    let action = format!(
        "creating key pair {}, whose private key nobody would have (client token {})",
        key.name,
        run_tags.token()
    );
    let mut creation = Creation { cx, key, run_tags, action, tagged: true, lost_before: false, open: None };
    match creation.run().await {
        Ok(Some(created)) => creation.store(file, &created).await,
        outcome => {
            file.keep_if_empty(creation.open.is_some());
            outcome.map(drop)
        }
    }
}

struct Creation<'a> {
    cx: &'a Context,
    key: &'a Key,
    run_tags: &'a RunTags,
    /// What is under way, for an operator who interrupts it.
    action: String,
    /// Whether the key pair gets the tags of this run.
    tagged: bool,
    /// Whether an answer was lost, so that a key pair of this name can be our own.
    lost_before: bool,
    /// Why it is not known whether EC2 has a key pair of our own now, or that it has.
    open: Option<Error>,
}

impl Creation<'_> {
    fn name(&self) -> &KeyName {
        &self.key.name
    }

    /// Creates the key pair until its private key is here: `None` when another run has created it.
    async fn run(&mut self) -> Result<Option<CreateKeyPairOutput>> {
        let mut creations = 1;
        loop {
            match self.send().await {
                Ok(created) if created.key_material().is_some_and(|material| !material.trim().is_empty()) => {
                    self.resolve();
                    return Ok(Some(created));
                }
                Ok(_) => {
                    let error = Error::new(ErrorKind::Unknown, "EC2 gave no private key");
                    self.mark_unknown(error.doing(format!("creating key pair {}", self.name())));
                }
                Err(error) if self.tagged && refuses_tags(&error) => {
                    self.tagged = false;
                    continue;
                }
                Err(error) if error.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE) => {
                    if !self.lost_before && error.kind() != ErrorKind::Unknown {
                        return Ok(self.use_existing());
                    }
                    self.mark_unknown(error);
                }
                Err(error) if error.kind() == ErrorKind::Unknown => self.mark_unknown(error),
                Err(error) if error.kind() == ErrorKind::Unavailable && creations < CREATIONS => {
                    self.cx.warning(error.to_string());
                    pause(self.cx).await;
                }
                Err(error) => return Err(self.open.as_ref().map_or(error, |open| self.explain(open))),
            }
            if let Some(open) = self.open.clone()
                && self.resolve_lost_answer(&open).await?
            {
                return Ok(self.use_existing());
            }
            creations += 1;
            if creations > CREATIONS {
                return Err(self.unknown_creation());
            }
        }
    }

    /// Asks EC2 once: a repetition by the SDK after a lost answer would be told that the key pair exists, and its private key
    /// would be lost.
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

    /// Finds out what became of a creation without an answer, and deletes what it has created: whether another run has
    /// created the key pair.
    async fn resolve_lost_answer(&mut self, open: &Error) -> Result<bool> {
        self.cx.warning(open.to_string());
        let exists = open.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE);
        let times = if exists { UNTIL_SHOWN } else { AFTER_LOST_ANSWER };
        match look_up(self.cx, times, || find(self.cx, self.name(), self.run_tags)).await {
            Found::Ours(id) => self.delete(&id).await.map(|()| false),
            Found::Other(_) if self.tagged => Ok(true),
            Found::Nothing => Ok(false),
            Found::Other(_) | Found::NoAnswer => Err(self.explain(open)),
        }
    }

    /// Deletes a key pair of our own whose private key is lost.
    async fn delete(&mut self, id: &str) -> Result<()> {
        let (cx, action) = (self.cx, format!("deleting key pair {} ({id})", self.name()));
        let request = cx.ec2().delete_key_pair().key_pair_id(id);
        let deleted = cx.change(&action, async { request.send().await.doing(|| action.clone()) }).await;
        if let Err(error) = deleted {
            cx.journal().record_other_change();
            if error.kind() != ErrorKind::Unknown {
                cx.journal().resolve_change(&self.action); // it is known: the key pair is there
            }
            return Err(error.hint(self.cleanup_hint()));
        }
        cx.event(format!("key pair {}: created by this job without an answer, deleted again ({id})", self.name()));
        self.resolve();
        Ok(())
    }

    /// Stores the private key. If that fails, nobody has it: so the key pair must not stay.
    async fn store(&mut self, mut file: ReservedFile, created: &CreateKeyPairOutput) -> Result<()> {
        let cx = self.cx;
        let Err(error) = file.store(created.key_material().unwrap_or_default()) else {
            cx.journal().record_other_change();
            let path = file.path().display();
            cx.event(format!("key pair {}: created, its private key is in {path}", self.name()));
            return Ok(());
        };
        let failed = |kind, what: String| Error::new(kind, format!("{error}; {what}"));
        let Some(id) = self.id_if_own(created).await else {
            cx.journal().record_other_change();
            return Err(failed(error.kind(), format!("key pair {} stays", self.name())).hint(self.cleanup_hint()));
        };
        match self.delete(&id).await {
            Ok(()) => {
                file.keep_if_empty(false);
                Err(failed(error.kind(), format!("key pair {} was deleted again", self.name())))
            }
            Err(second) if second.kind() == ErrorKind::Unknown => {
                Err(failed(ErrorKind::Unknown, second.to_string()).hint(self.cleanup_hint()))
            }
            Err(second) => Err(failed(error.kind(), second.to_string()).hint(self.cleanup_hint())),
        }
    }

    /// The id of the key pair in this answer, if the answer or EC2 shows our tags with it.
    async fn id_if_own(&self, created: &CreateKeyPairOutput) -> Option<String> {
        if let Some(id) = created.key_pair_id().filter(|_| self.run_tags.are_in(created.tags())) {
            return Some(id.to_owned());
        }
        let found = match self.tagged {
            true => look_up(self.cx, AFTER_LOST_ANSWER, || find(self.cx, self.name(), self.run_tags)).await,
            false => Found::Nothing,
        };
        if let Found::Ours(id) = found { Some(id) } else { None }
    }

    fn mark_unknown(&mut self, error: Error) {
        self.lost_before = true;
        self.open = Some(error);
        self.cx.journal().resolve_change(&self.action);
        self.cx.journal().record_unknown_change(&self.action);
    }

    fn resolve(&mut self) {
        self.open = None;
        self.cx.journal().resolve_change(&self.action);
    }

    fn use_existing(&mut self) -> Option<CreateKeyPairOutput> {
        self.resolve();
        self.cx.event(format!("key pair {}: created by another job meanwhile, used as it is", self.name()));
        None
    }

    /// What remains when the last creation had no answer either.
    fn unknown_creation(&self) -> Error {
        match &self.open {
            Some(open) => self.explain(open),
            None => Error::new(
                ErrorKind::Unavailable,
                format!("no answer to {CREATIONS} requests; no key pair of them is left"),
            )
            .doing(format!("creating key pair {}", self.name())),
        }
    }

    /// The failure of a creation of which nobody knows whether EC2 made it.
    fn explain(&self, open: &Error) -> Error {
        open.clone().into_kind(ErrorKind::Unknown).hint(self.cleanup_hint())
    }

    fn cleanup_hint(&self) -> String {
        let name = self.name();
        let tag =
            if self.tagged { format!(" with the tag {CLIENT_TOKEN}={}", self.run_tags.token()) } else { String::new() };
        format!("if EC2 has a key pair {name}{tag}, delete it before the job runs again: nobody has its private key")
    }
}
