//! Saves the values of instances into properties: ids at once, addresses when they are known.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::timeout;

use super::addresses::{Polled, poll};
use super::names::PropertyNames;
use super::property::Property;
use crate::error::excerpt;
use crate::ids::InstanceId;
use crate::journal::{Contents, Field, Value};
use crate::wait::{WAIT, WaitPolicy};
use crate::{Context, Error, ErrorKind, PropertyEntry, Result};

/// The number of concurrent saves.
const SAVES_AT_ONCE: usize = 8;
/// The longest time that saving ids may delay a wait, since OpCon may have become unreachable.
const EARLY_LIMIT: Duration = Duration::from_secs(30);

impl PropertyNames {
    /// Saves the ids of the instances that EC2 has accepted, and records all their properties as not saved yet, so that
    /// an interruption loses none. Called as soon as EC2 has accepted a launch or start, with all instances of the job,
    /// since their number is part of the names; it may be called again when EC2 has accepted more.
    /// [`PropertyNames::save_addresses`] retries ids that are not saved. A dry run saves nothing.
    pub async fn save_ids(&self, cx: &Context, ids: &[InstanceId]) {
        if cx.dry_run() {
            return;
        }
        // A name that OpCon does not accept is reported at the end.
        let (planned, _) = self.plan(cx, ids);
        let is_new = |planned: &&PropertyEntry| cx.journal().read_property(&planned.name, |known| known.is_none());
        planned.iter().filter(is_new).for_each(|planned| cx.journal().record_property(planned.clone()));
        let mut unsaved = unsaved(cx, planned);
        unsaved.retain(|entry| matches!(entry.contents, Contents::Of(Field::Id, _)));
        if timeout(EARLY_LIMIT, save_all(cx, unsaved)).await.is_err() {
            cx.warning("saving ids in OpCon is slow: the job continues, and saves the remaining ids at its end");
        }
    }

    /// Saves the remaining values: addresses, and ids that OpCon did not accept. If `settled`, the instances have
    /// reached their goal: a missing address is polled until it exists or certainly does not (e.g. in a private
    /// subnet), and then saved as an empty value; if the store cannot transport that, OpCon keeps the old value, with a
    /// warning. Otherwise it is left out with a warning. Unsaved values stay in the journal.
    ///
    /// # Errors
    /// [`ErrorKind::PropertyNotSaved`] when a value was not saved, could not be read, or is invalid; the others are
    /// still saved.
    pub async fn save_addresses(
        &self,
        cx: &Context,
        ids: &[InstanceId],
        settled: bool,
        policy: &WaitPolicy,
    ) -> Result<()> {
        if cx.dry_run() {
            return Ok(());
        }
        let polled = if settled { Some(poll(cx, self, ids, policy).await) } else { None };
        let (planned, mut failures) = self.plan(cx, ids);
        let wanted = planned.len() + failures.len();
        let mut ready = Vec::new();
        for mut entry in unsaved(cx, planned) {
            match value(cx, &entry, polled.as_ref()) {
                Ok(value) => entry.value = value,
                Err(error) => {
                    cx.warning(format!("property {} is not saved: {error}", entry.name));
                    failures.push(error);
                }
            }
            if let Some(reason) = refusal_of_empty(cx, &entry) {
                let PropertyEntry { name, contents, .. } = &entry;
                cx.warning(format!("property {name} keeps its old value: there is no {contents}, and {reason}"));
                entry.impossible = true;
            }
            // An omitted value still has to be saved, and an interruption must not lose the others.
            cx.journal().record_property(entry.clone());
            ready.extend((entry.value.is_some() && !entry.impossible).then_some(entry));
        }
        failures.extend(save_all(cx, ready).await);
        match failures.first() {
            None => Ok(()),
            Some(first) => Err(not_saved(cx, failures.len(), wanted, first)),
        }
    }
}

/// The properties that are not saved yet.
fn unsaved(cx: &Context, mut planned: Vec<PropertyEntry>) -> Vec<PropertyEntry> {
    let is_missing = |known: Option<&PropertyEntry>| known.is_none_or(PropertyEntry::is_missing);
    planned.retain(|planned| cx.journal().read_property(&planned.name, is_missing));
    planned
}

/// The value to save; empty for an address that does not exist. `None`, with a warning, for an address that may exist
/// later. `polled` is `None` if the job did not wait.
///
/// # Errors
/// When the instance has reached its goal, and its address is unknown or invalid.
fn value(cx: &Context, entry: &PropertyEntry, polled: Option<&Polled>) -> Result<Option<String>> {
    let (name, contents) = (&entry.name, &entry.contents);
    let Contents::Of(field, id) = contents else { return Ok(entry.value.clone()) };
    let not_yet = format!("property {name} is not saved: the instance has no such address yet");
    let known = cx.journal().read(id, |instance| match (field.value(instance), polled) {
        (Value::Known(value), _) => Ok(Ok(value.to_owned())),
        (Value::Invalid(text), _) => {
            let text = excerpt(text.as_bytes());
            Err(Error::new(ErrorKind::Service, format!("EC2 returned `{text}` as the {contents}")))
        }
        (Value::Missing, None) => Ok(Err(format!("{not_yet} (`{}` waits for it)", WAIT.spec.option()))),
        (Value::Missing, Some(_)) if instance.error.is_some() => Ok(Err(not_yet)),
        (Value::Missing, Some(polled)) if polled.has_none(id) => Ok(Ok(String::new())),
        (Value::Missing, Some(polled)) => {
            let reason = polled.last_failure.as_ref().map_or_else(
                || format!("the instance is {}", instance.state.as_deref().unwrap_or("in an unknown state")),
                Error::to_string,
            );
            Err(Error::new(ErrorKind::Unavailable, format!("unknown {contents}: {reason}")))
        }
    })?;
    Ok(known.map_err(|left_out| cx.warning(left_out)).ok())
}

/// Why an empty value, of an address that does not exist, cannot be transported to OpCon.
fn refusal_of_empty(cx: &Context, entry: &PropertyEntry) -> Option<Error> {
    let value = entry.value.as_deref().filter(|value| value.is_empty())?;
    cx.properties().check_value(&entry.name, value).err()
}

/// Saves properties concurrently and records each result. They are reported in order. Returns the errors.
async fn save_all(cx: &Context, entries: Vec<PropertyEntry>) -> Vec<Error> {
    let saves = entries.into_iter().map(|entry| async move {
        let PropertyEntry { name, value, contents, .. } = entry;
        let value = value.unwrap_or_default();
        let result = Property::new(&name, contents).deliver(cx, &value).await;
        (name, value, result)
    });
    let mut saves = stream::iter(saves).buffered(SAVES_AT_ONCE);
    let mut failures = Vec::new();
    while let Some((name, value, result)) = saves.next().await {
        match result {
            Ok(delivery) => cx.event(delivery.describe(&name, &value)),
            Err(error) => {
                cx.warning(format!("property {name} = {value}: not saved: {error}"));
                failures.push(error);
            }
        }
    }
    failures
}

fn not_saved(cx: &Context, failed: usize, wanted: usize, first: &Error) -> Error {
    let message = format!("{failed} of {wanted} properties not saved; the first: {first}");
    let advice = match cx.journal().may_be_repeated() {
        true => "run the commands at the end of this output, or run the job again: repeating it is safe",
        false => "run the commands at the end of this output, and do not run the job again",
    };
    Error::new(ErrorKind::PropertyNotSaved, message).doing("saving properties in OpCon").hint_before(advice, first)
}
