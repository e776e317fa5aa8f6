//! Creates a security group, and looks it up where the answer does not say what became of it.

use connector_sdk::ec2::types::ResourceType;
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use super::find::find;
use crate::prerequisites::look_up::{AFTER_LOST_ANSWER, Found, FoundResource, UNTIL_SHOWN, look_up, pause};
use crate::prerequisites::run_tags::{CLIENT_TOKEN, RunTags, refuses_tags};

/// How often the group is created at most while answers are lost.
const CREATIONS: usize = 3;

/// Creates a security group and returns its id. One that another run creates meanwhile is used as it is.
///
/// # Errors
/// Those of EC2; [`ErrorKind::Unknown`] when EC2 may have created the group and does not show it.
pub async fn create(cx: &Context, vpc: &str, name: &str, run_tags: &RunTags) -> Result<String> {
    let action = format!("creating security group `{name}` in {vpc} (client token {})", run_tags.token());
    let mut creation = Creation { cx, vpc, name, run_tags, action, tagged: true, open: None };
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
    /// What is under way, for an operator who interrupts it.
    action: String,
    /// Whether the group gets the tags of this run.
    tagged: bool,
    /// Why it is not known whether EC2 has created the group.
    open: Option<Error>,
}

impl Creation<'_> {
    async fn run(&mut self) -> Result<String> {
        let mut creations = 1;
        loop {
            let (open, times) = match self.send().await {
                Ok(Some(id)) => return Ok(self.created(id)),
                Ok(None) => {
                    let error = Error::new(ErrorKind::Unknown, "EC2 gave no id").doing(self.short_action());
                    (error, UNTIL_SHOWN)
                }
                Err(error) if self.tagged && refuses_tags(&error) => {
                    self.tagged = false;
                    continue;
                }
                Err(error) if error.code() == Some(codes::INVALID_GROUP_DUPLICATE) => {
                    if self.open.is_none() && error.kind() != ErrorKind::Unknown {
                        return self.wait_for_other(error).await;
                    }
                    (error, UNTIL_SHOWN)
                }
                Err(error) if error.kind() == ErrorKind::Unknown => (error, AFTER_LOST_ANSWER),
                Err(error) => return Err(self.open.as_ref().map_or(error, |open| self.explain(open))),
            };
            self.mark_unknown(&open);
            match look_up(self.cx, times, || self.find()).await {
                Found::Ours(id) => return Ok(self.created(id)),
                Found::Other(id) if self.tagged => return Ok(self.other(id)),
                Found::Other(id) => return Ok(self.created_by_somebody(id)),
                Found::Nothing if creations < CREATIONS => creations += 1,
                Found::Nothing | Found::NoAnswer => return Err(self.explain(&open)),
            }
        }
    }

    /// Asks EC2, and returns the id.
    async fn send(&self) -> Result<Option<String>> {
        let tags = self.tagged.then(|| vec![self.run_tags.to_ec2(ResourceType::SecurityGroup)]);
        let request = self.cx.ec2().create_security_group().group_name(self.name).vpc_id(self.vpc);
        let request = request.description("Created by awsec2").set_tag_specifications(tags);
        let call = async { request.send().await.doing(|| self.short_action()) };
        Ok(self.cx.change(&self.action, call).await?.answer.group_id)
    }

    /// Waits for the group that exists and that this job has not created, until EC2 shows it.
    async fn wait_for_other(&self, error: Error) -> Result<String> {
        for time in 1..=UNTIL_SHOWN {
            if let Some(shown) = self.find().await? {
                return Ok(self.other(shown.id));
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
            "security group `{}`: created as {id} without rules for incoming traffic: \
             nothing can reach the instances until rules are added",
            self.name
        ));
        id
    }

    fn other(&self, id: String) -> String {
        self.cx.event(format!("security group `{}`: created by another job meanwhile, used as it is", self.name));
        id
    }

    /// Without tags, nothing shows whether this job has created the group.
    fn created_by_somebody(&self, id: String) -> String {
        self.cx.journal().record_other_change();
        self.cx.event(format!("security group `{}`: exists as {id} after the lost answer, used as it is", self.name));
        id
    }

    fn mark_unknown(&mut self, error: &Error) {
        self.cx.warning(error.to_string());
        self.open = Some(error.clone());
        self.cx.journal().resolve_change(&self.action);
        self.cx.journal().record_unknown_change(&self.action);
    }

    /// The failure of a creation of which nobody knows whether EC2 made it.
    fn explain(&self, open: &Error) -> Error {
        let error = open.clone().into_kind(ErrorKind::Unknown);
        let tag = match self.tagged {
            true => format!(" with the tag {CLIENT_TOKEN}={}", self.run_tags.token()),
            false => String::new(),
        };
        error
            .hint(format!("EC2 may have a security group `{}`{tag} now; the job uses it when it runs again", self.name))
    }

    fn short_action(&self) -> String {
        format!("creating security group `{}` in {}", self.name, self.vpc)
    }
}
