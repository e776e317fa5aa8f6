//! `CheckLists`: checks the lists of job forms against EC2.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use connector_sdk::args::Repeated;
use connector_sdk::ec2::types::{Image, ImageState, InstanceTypeInfo, Region};
use connector_sdk::lists::{List, ListEntry};
use connector_sdk::offers::{self, DESCRIBE_IMAGES, DESCRIBE_INSTANCE_TYPES, DESCRIBE_REGIONS, deprecated_since};
use connector_sdk::{
    Arg, ArgValue, Context, Error, ErrorKind, Example, Inputs, Operation, OperationMeta, Outcome, Result, Table,
    VALUES_PER_FILTER, ValueKind, async_trait, filter, register,
};

/// A list on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListChoice(List);

impl ArgValue for ListChoice {
    const KIND: ValueKind = ValueKind::Choice(&["images", "instance-types", "regions"]);

    fn parse(text: &str) -> Result<Self, String> {
        let choices = Self::KIND.choices();
        let known = List::ALL.into_iter().zip(choices).find(|(_, choice)| **choice == text);
        known.map(|(list, _)| ListChoice(list)).ok_or_else(|| format!("must be one of {}", choices.join(", ")))
    }
}

const ONLY: Arg<ListChoice, Repeated> = Arg::new(
    "only",
    "LIST",
    "Check only this list. Repeatable; several may stand in one value with commas between them. Default: all lists.",
)
.repeatable()
.separated_by(',');

const DATA_SCRIPT: Arg<PathBuf> = Arg::new(
    "data-script",
    "FILE",
    "Check the lists in this file, the data script of Solution Manager, instead of those in OpCon's properties.",
);

static META: OperationMeta = OperationMeta::new("CheckLists", "Check the lists of job forms against EC2.")
    .description(
        "Reads the lists of images, instance types and regions from OpCon and shows every entry that EC2 does not know any \
         more, or that no instance can be launched from: then the exit code is 4. Images and instance types belong to a \
         region, and are checked in the region of the job; regions are those that are enabled for the account. A list that \
         is missing or empty is a warning, and a failure only when no other is there.",
    )
    .arguments(&[&[ONLY.spec, DATA_SCRIPT.spec]])
    .examples(&[
        Example { about: "Check all lists.", arguments: &[] },
        Example {
            about: "Check the images in the data script of Solution Manager.",
            arguments: &["--only", "images", "--data-script", "lists.txt"],
        },
    ])
    .iam_actions(&[DESCRIBE_IMAGES, DESCRIBE_INSTANCE_TYPES, DESCRIBE_REGIONS]);

const COLUMNS: &[&str] = &["List", "Entry", "Problem"];
const DOING: &str = "checking the lists";

struct CheckLists;
register!(CheckLists);

#[async_trait]
impl Operation for CheckLists {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    async fn run(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        let present = read(cx, inputs).await?;
        let mut checked = Vec::new();
        for (list, entries) in present {
            checked.push(check(cx, list, entries).await?);
        }
        let rows = checked.iter().flat_map(CheckedList::rows).collect();
        cx.journal().found(Table { columns: COLUMNS, rows });
        judge(&checked)
    }
}

/// The lists to check that hold anything. Said of those that do not.
async fn read(cx: &Context, inputs: &Inputs) -> Result<Vec<(List, Vec<ListEntry>)>> {
    let (wanted, file) = (inputs.get(&ONLY), inputs.get(&DATA_SCRIPT));
    let is_wanted = |list: &List| wanted.is_empty() || wanted.contains(&ListChoice(*list));
    let mut present = Vec::new();
    for list in List::ALL.into_iter().filter(is_wanted) {
        let entries = match &file {
            Some(file) => cx.lists().read_script(file, list)?,
            None => cx.lists().read(list).await?.unwrap_or_default(),
        };
        if entries.is_empty() {
            cx.warning(format!("the list of {} is missing or empty: not checked", list.contents()));
        } else {
            present.push((list, entries));
        }
    }
    if present.is_empty() {
        let error = Error::new(ErrorKind::NotFound, "none of them is there").doing(DOING);
        return Err(error.hint("ListImages, ListInstanceTypes and ListRegions fill them"));
    }
    Ok(present)
}

/// A list after its check.
struct CheckedList {
    list: List,
    count: usize,
    /// Entries and what is wrong with them.
    problems: Vec<(String, String)>,
}

impl CheckedList {
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let row =
            |(entry, problem): &(String, String)| vec![self.list.contents().to_owned(), entry.clone(), problem.clone()];
        self.problems.iter().map(row)
    }
}

async fn check(cx: &Context, list: List, entries: Vec<ListEntry>) -> Result<CheckedList> {
    let ids: Vec<String> = entries.into_iter().map(|entry| entry.id).collect();
    let problems: Vec<_> = match list {
        List::Images => {
            let known = images(cx, &ids).await?;
            ids.iter().filter_map(|id| Some((id.clone(), problem_of_image(known.get(id))?))).collect()
        }
        List::InstanceTypes => unknown(&ids, &instance_types(cx, &ids).await?, "the region does not offer it"),
        List::Regions => unknown(&ids, &regions(cx).await?, "it is not enabled for the account"),
    };
    cx.event(format!("{} checked, {} with a problem", list.count_of(ids.len()), problems.len()));
    Ok(CheckedList { list, count: ids.len(), problems })
}

fn unknown(ids: &[String], known: &HashSet<String>, problem: &str) -> Vec<(String, String)> {
    ids.iter().filter(|id| !known.contains(*id)).map(|id| (id.clone(), problem.to_owned())).collect()
}

/// Those of the images that EC2 knows, by id. They are asked for by a filter: one unknown id is no error there.
async fn images(cx: &Context, ids: &[String]) -> Result<HashMap<String, Image>> {
    let mut known = HashMap::new();
    for chunk in ids.chunks(VALUES_PER_FILTER) {
        let request = cx.ec2().describe_images().filters(filter("image-id", chunk));
        let found = offers::images(request.include_deprecated(true).include_disabled(true)).await?;
        known.extend(found.into_iter().filter_map(|image| Some((image.image_id()?.to_owned(), image))));
    }
    Ok(known)
}

fn problem_of_image(image: Option<&Image>) -> Option<String> {
    let Some(image) = image else {
        return Some("EC2 has no such image in the region, or not for the account".to_owned());
    };
    let unavailable = image.state().filter(|state| **state != ImageState::Available);
    unavailable
        .map(|state| format!("it is {}, not available", state.as_str()))
        .or_else(|| deprecated_since(image).map(|since| format!("it is deprecated since {since}")))
}

async fn instance_types(cx: &Context, names: &[String]) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    for chunk in names.chunks(VALUES_PER_FILTER) {
        let request = cx.ec2().describe_instance_types().filters(filter("instance-type", chunk));
        let found = offers::instance_types(request).await?;
        known.extend(found.iter().filter_map(InstanceTypeInfo::instance_type).map(|name| name.as_str().to_owned()));
    }
    Ok(known)
}

async fn regions(cx: &Context) -> Result<HashSet<String>> {
    let found = offers::regions(cx).await?;
    Ok(found.iter().filter_map(Region::region_name).map(str::to_owned).collect())
}

fn judge(checked: &[CheckedList]) -> Result<Outcome> {
    let stale = |list: &&CheckedList| !list.problems.is_empty();
    if !checked.iter().any(|list| stale(&list)) {
        let counts: Vec<_> = checked.iter().map(|checked| checked.list.count_of(checked.count)).collect();
        return Ok(Outcome::new(format!("{} checked, EC2 knows them all", counts.join(", "))));
    }
    let count = |stale: &CheckedList| format!("{} of {}", stale.problems.len(), stale.list.count_of(stale.count));
    let counts: Vec<_> = checked.iter().filter(stale).map(count).collect();
    let error = Error::new(ErrorKind::NotFound, format!("{} cannot be used", counts.join(", ")));
    Err(error.doing(DOING).hint("ListImages, ListInstanceTypes and ListRegions fill the lists anew"))
}

#[cfg(test)]
mod tests;
