//! Creates a security group, and looks it up if the outcome is unknown.

use connector_sdk::ec2::types::ResourceType;
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use super::find::find;
use crate::prerequisites::look_up::{AFTER_LOST_ANSWER, FoundResource, LookUpResult, UNTIL_SHOWN, look_up, pause};
use crate::prerequisites::run_tags::{CLIENT_TOKEN, RunTags, refuses_tags};

/// The maximum number of creations after lost answers.
const CREATIONS: usize = 3;

/// Creates a security group and returns its id. A group that another run creates meanwhile is used.
///
/// # Errors
/// Those of EC2; [`ErrorKind::Unknown`] when EC2 may have created the group and does not return it.
pub async fn create(cx: &Context, vpc: &str, name: &str, run_tags: &RunTags) -> Result<String> {
    let action = format!("creating security group `{name}` in {vpc} (client token {})", run_tags.token());
    let mut creation = Creation { cx, vpc, name, run_tags, action, tagged: true, unknown: None };
    let created = creation.run().await;
    if created.is_ok() {
        cx.journal().resolve_change(&creation.action);
    }
    created
}

struct Creation<'a> {
    cx: &'a Context,
    vpc: &'a str,
    name: &'a str,
    run_tags: &'a RunTags,
    /// The action for the journal, reported on interruption.
    action: String,
    /// Whether the group is created with the tags of this run.
    tagged: bool,
    /// Why the outcome is unknown, if it is.
    unknown: Option<Error>,
}

impl Creation<'_> {
    async fn run(&mut self) -> Result<String> {
        let mut creations = 1;
        loop {
            let (unknown, times) = match self.send().await {
                Ok(Some(id)) => return Ok(self.created(id)),
                Ok(None) => {
                    let error = Error::new(ErrorKind::Unknown, "EC2 returned no id").doing(self.short_action());
                    (error, UNTIL_SHOWN)
                }
                Err(error) if self.tagged && refuses_tags(&error) => {
                    self.tagged = false;
                    continue;
                }
                Err(error) if error.code() == Some(codes::INVALID_GROUP_DUPLICATE) => {
                    if self.unknown.is_none() && error.kind() != ErrorKind::Unknown {
                        return self.wait_until_visible(error).await;
                    }
                    (error, UNTIL_SHOWN)
                }
                Err(error) if error.kind() == ErrorKind::Unknown => (error, AFTER_LOST_ANSWER),
                Err(error) => return Err(self.unknown.as_ref().map_or(error, |unknown| self.explain(unknown))),
            };
            self.mark_unknown(&unknown);
            match look_up(self.cx, times, || self.find()).await {
                LookUpResult::Ours(id) => return Ok(self.created(id)),
                LookUpResult::Other(id) if self.tagged => return Ok(self.created_by_other(id)),
                LookUpResult::Other(id) => return Ok(self.created_by_unknown(id)),
                LookUpResult::NotFound if creations < CREATIONS => creations += 1,
                LookUpResult::NotFound | LookUpResult::NoAnswer => return Err(self.explain(&unknown)),
            }
        }
    }

    /// Sends the request and returns the id.
    async fn send(&self) -> Result<Option<String>> {
        let tags = self.tagged.then(|| vec![self.run_tags.to_ec2(ResourceType::SecurityGroup)]);
        let request = self.cx.ec2().create_security_group().group_name(self.name).vpc_id(self.vpc);
        let request = request.description("Created by awsec2").set_tag_specifications(tags);
        let call = async { request.send().await.doing(|| self.short_action()) };
        Ok(self.cx.change(&self.action, call).await?.answer.group_id)
    }

    /// Waits until EC2 returns a group that another run has created.
    async fn wait_until_visible(&self, error: Error) -> Result<String> {
        for time in 1..=UNTIL_SHOWN {
            if let Some(shown) = self.find().await? {
                return Ok(self.created_by_other(shown.id));
            }
            if time < UNTIL_SHOWN {
                pause(self.cx).await;
            }
        }
        Err(error)
    }

    async fn find(&self) -> Result<Option<FoundResource>> {
        let group = find(self.cx, self.vpc, &[self.name]).await?.into_iter().next();
        Ok(group
            .and_then(|group| Some(FoundResource { ours: self.run_tags.are_in(group.tags()), id: group.group_id? })))
    }

    fn created(&self, id: String) -> String {
        self.cx.journal().record_other_change();
        self.cx.event(format!(
            "security group `{}`: created as {id} without inbound rules: nothing can reach the instances until rules \
             are added",
            self.name
        ));
        id
    }

    fn created_by_other(&self, id: String) -> String {
        self.cx.event(format!("security group `{}`: created by another job in the meantime, used as is", self.name));
        id
    }

    /// Without tags, it is unknown whether this job has created the group.
    fn created_by_unknown(&self, id: String) -> String {
        self.cx.journal().record_other_change();
        self.cx.event(format!("security group `{}`: exists as {id} after the lost response, used as is", self.name));
        id
    }

    fn mark_unknown(&mut self, error: &Error) {
        self.cx.warning(error.to_string());
        self.unknown = Some(error.clone());
        self.cx.journal().resolve_change(&self.action);
        self.cx.journal().record_unknown_change(&self.action);
    }

    /// The error of a creation of unknown outcome.
    fn explain(&self, unknown: &Error) -> Error {
        let error = unknown.clone().into_kind(ErrorKind::Unknown);
        let tag = match self.tagged {
            true => format!(" with the tag {CLIENT_TOKEN}={}", self.run_tags.token()),
            false => String::new(),
        };
        error.hint(format!("run the job again: it uses security group `{}`{tag} if EC2 created it", self.name))
    }

    fn short_action(&self) -> String {
        format!("creating security group `{}` in {}", self.name, self.vpc)
    }
}
