//! Creates a key pair, and sees to it that none stays whose private key nobody has.

use connector_sdk::ec2;
use connector_sdk::ec2::config::retry::RetryConfig;
use connector_sdk::ec2::operation::create_key_pair::CreateKeyPairOutput;
use connector_sdk::ec2::types::{KeyFormat, ResourceType};
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use super::find::find;
use crate::arguments::key::{Key, KeyName};
use crate::needs::look_up::{AFTER_LOST_ANSWER, Found, UNTIL_SHOWN, look_up, pause};
use crate::needs::mark::{CLIENT_TOKEN, Mark, refuses_tags};
use crate::private_key::ReservedFile;

/// How often the key pair is created at most while answers are lost.
const CREATIONS: usize = 3;

/// Creates the key pair and stores its private key in the file. One that another run creates meanwhile is used as it is.
///
/// # Errors
/// Those of EC2 and of the file; [`ErrorKind::Unknown`] when EC2 may have a key pair whose private key nobody has. Then, and
/// when such a key pair could not be deleted, the file stays, empty.
pub async fn create(cx: &Context, key: &Key, mark: &Mark, mut file: ReservedFile) -> Result<()> {
    file.stays_if_empty(true); // also when the job is interrupted
    let action =
        format!("creating key pair {}, whose private key would be lost (client token {})", key.name, mark.token());
    let mut creation = Creation { cx, key, mark, action, tagged: true, lost_before: false, open: None };
    match creation.run().await {
        Ok(Some(created)) => creation.store(file, &created).await,
        outcome => {
            file.stays_if_empty(creation.open.is_some());
            outcome.map(drop)
        }
    }
}

struct Creation<'a> {
    cx: &'a Context,
    key: &'a Key,
    mark: &'a Mark,
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
            match self.ask().await {
                Ok(created) if created.key_material().is_some_and(|material| !material.trim().is_empty()) => {
                    self.settle();
                    return Ok(Some(created));
                }
                Ok(_) => {
                    let error = Error::new(ErrorKind::Unknown, "EC2 returned no private key");
                    self.leave_open(error.doing(format!("creating key pair {}", self.name())));
                }
                Err(error) if self.tagged && refuses_tags(&error) => {
                    self.tagged = false;
                    continue;
                }
                Err(error) if error.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE) => {
                    if !self.lost_before && error.kind() != ErrorKind::Unknown {
                        return Ok(self.use_other());
                    }
                    self.leave_open(error);
                }
                Err(error) if error.kind() == ErrorKind::Unknown => self.leave_open(error),
                Err(error) if error.kind() == ErrorKind::Unavailable && creations < CREATIONS => {
                    self.cx.warning(error.to_string());
                    pause(self.cx).await;
                }
                Err(error) => return Err(self.open.as_ref().map_or(error, |open| self.explain(open))),
            }
            if let Some(open) = self.open.clone()
                && self.clear_up(&open).await?
            {
                return Ok(self.use_other());
            }
            creations += 1;
            if creations > CREATIONS {
                return Err(self.give_up());
            }
        }
    }

    /// Asks EC2 once: a repetition by the SDK after a lost answer would be told that the key pair exists, and its private key
    /// would be lost.
    async fn ask(&self) -> Result<CreateKeyPairOutput> {
        let once = ec2::Config::builder().retry_config(RetryConfig::disabled());
        let tags = self.tagged.then(|| vec![self.mark.for_ec2(ResourceType::KeyPair)]);
        let request = self.cx.ec2().create_key_pair().key_name(self.name().as_str());
        let request =
            request.key_type(self.key.key_type.for_ec2()).key_format(KeyFormat::Pem).set_tag_specifications(tags);
        let call = async {
            let answer = request.customize().config_override(once).send().await;
            answer.doing(|| format!("creating key pair {}", self.name()))
        };
        Ok(self.cx.change(&self.action, call).await?.answer)
    }

    /// Finds out what became of a creation without an answer, and deletes what it has created: whether another run has
    /// created the key pair.
    async fn clear_up(&mut self, open: &Error) -> Result<bool> {
        self.cx.warning(open.to_string());
        let exists = open.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE);
        let times = if exists { UNTIL_SHOWN } else { AFTER_LOST_ANSWER };
        match look_up(self.cx, times, || find(self.cx, self.name(), self.mark)).await {
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
            cx.journal().something_else_changed();
            if error.kind() != ErrorKind::Unknown {
                cx.journal().resolve(&self.action); // it is known: the key pair is there
            }
            return Err(error.hint(self.advice()));
        }
        cx.event(format!(
            "key pair {}: created by this job, but the response was lost, so it is deleted again ({id})",
            self.name()
        ));
        self.settle();
        Ok(())
    }

    /// Stores the private key. If that fails, nobody has it: so the key pair must not stay.
    async fn store(&mut self, mut file: ReservedFile, created: &CreateKeyPairOutput) -> Result<()> {
        let cx = self.cx;
        let Err(error) = file.store(created.key_material().unwrap_or_default()) else {
            cx.journal().something_else_changed();
            let path = file.path().display();
            cx.event(format!("key pair {}: created, its private key is in {path}", self.name()));
            return Ok(());
        };
        let failed = |kind, what: String| Error::new(kind, format!("{error}; {what}"));
        let Some(id) = self.id_if_ours(created).await else {
            cx.journal().something_else_changed();
            return Err(failed(error.kind(), format!("key pair {} is kept", self.name())).hint(self.advice()));
        };
        match self.delete(&id).await {
            Ok(()) => {
                file.stays_if_empty(false);
                Err(failed(error.kind(), format!("key pair {} was deleted again", self.name())))
            }
            Err(second) if second.kind() == ErrorKind::Unknown => {
                Err(failed(ErrorKind::Unknown, second.to_string()).hint(self.advice()))
            }
            Err(second) => Err(failed(error.kind(), second.to_string()).hint(self.advice())),
        }
    }

    /// The id of the key pair in this answer, if the answer or EC2 shows our tags with it.
    async fn id_if_ours(&self, created: &CreateKeyPairOutput) -> Option<String> {
        if let Some(id) = created.key_pair_id().filter(|_| self.mark.is_in(created.tags())) {
            return Some(id.to_owned());
        }
        let found = match self.tagged {
            true => look_up(self.cx, AFTER_LOST_ANSWER, || find(self.cx, self.name(), self.mark)).await,
            false => Found::Nothing,
        };
        if let Found::Ours(id) = found { Some(id) } else { None }
    }

    fn leave_open(&mut self, error: Error) {
        self.lost_before = true;
        self.open = Some(error);
        self.cx.journal().resolve(&self.action);
        self.cx.journal().unknown(&self.action);
    }

    fn settle(&mut self) {
        self.open = None;
        self.cx.journal().resolve(&self.action);
    }

    fn use_other(&mut self) -> Option<CreateKeyPairOutput> {
        self.settle();
        self.cx.event(format!("key pair {}: created by another job in the meantime, used as is", self.name()));
        None
    }

    /// What remains when the last creation had no answer either.
    fn give_up(&self) -> Error {
        match &self.open {
            Some(open) => self.explain(open),
            None => Error::new(
                ErrorKind::Unavailable,
                format!("no response to {CREATIONS} requests; none of their key pairs is left"),
            )
            .doing(format!("creating key pair {}", self.name())),
        }
    }

    /// The failure of a creation of which nobody knows whether EC2 made it.
    fn explain(&self, open: &Error) -> Error {
        open.clone().into_kind(ErrorKind::Unknown).hint(self.advice())
    }

    fn advice(&self) -> String {
        let name = self.name();
        let tag =
            if self.tagged { format!(" with the tag {CLIENT_TOKEN}={}", self.mark.token()) } else { String::new() };
        format!(
            "before you run the job again, delete key pair {name}{tag} in EC2 if it exists: its private key is lost"
        )
    }
}
