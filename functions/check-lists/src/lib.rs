//! `CheckLists`: checks the option lists of job forms against EC2.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use connector_sdk::catalog::{self, deprecated_since};
use connector_sdk::ec2::types::{Image, ImageState, InstanceTypeInfo, Region};
use connector_sdk::names::ImageId;
use connector_sdk::option_lists::{OptionEntry, OptionList};
use connector_sdk::prelude::*;
use connector_sdk::{ArgValue as _, Table, VALUES_PER_FILTER, filter};

choices! {
    /// An option list as an argument.
    struct ListChoice(OptionList) {
        "images" => OptionList::Images,
        "instance-types" => OptionList::InstanceTypes,
        "regions" => OptionList::Regions,
    }
}

const ONLY: Arg<ListChoice, Repeated> =
    Arg::new("only", "LIST", "Check only this option list. Repeatable or comma-separated. Default: all.")
        .repeatable()
        .separated_by(',');

const DATA_SCRIPT: Arg<PathBuf> = Arg::new(
    "data-script",
    "FILE",
    "Check the option lists in this file, the data script of Solution Manager, instead of the OpCon properties.",
);

const COLUMNS: &[&str] = &["List", "Entry", "Problem"];
const DOING: &str = "checking the option lists";

struct CheckLists;
register!(CheckLists);

/// The lists to check, and their source.
struct Query {
    /// The lists to check; all if empty.
    only: Vec<OptionList>,
    script: Option<PathBuf>,
}

#[async_trait]
impl Operation for CheckLists {
    type Args = Query;

    const META: OperationMeta = OperationMeta::new("CheckLists", "Check the option lists of job forms against EC2.")
        .description(
            "Reads the option lists of images, instance types and regions from OpCon, and reports every entry that is \
             no longer in EC2 or that no instance can be launched from, with exit code 4. Images and instance types \
             are checked in the region of the job, and regions must be enabled for the account. Systems Manager \
             parameters among the images are not checked. An option list that is missing or empty is a warning, and a \
             failure only if there is nothing else to check.",
        )
        .arguments(&[&[ONLY.spec, DATA_SCRIPT.spec]])
        .examples(&[
            Example::new("Check all option lists.", &[]),
            Example::new(
                "Check the images in the data script of Solution Manager.",
                &["--only", "images", "--data-script", "lists.txt"],
            ),
        ])
        .iam_actions(&[catalog::DESCRIBE_IMAGES, catalog::DESCRIBE_INSTANCE_TYPES, catalog::DESCRIBE_REGIONS]);

    fn parse(&self, inputs: &Inputs) -> Result<Query> {
        let only = inputs.get(&ONLY).into_iter().map(|choice| choice.0).collect();
        Ok(Query { only, script: inputs.get(&DATA_SCRIPT) })
    }

    async fn run(&self, cx: &Context, query: &Query) -> Result<Outcome> {
        let present = read(cx, query).await?;
        let mut checked = Vec::new();
        for (list, entries) in present {
            checked.push(check(cx, list, entries).await?);
        }
        let rows = checked.iter().flat_map(CheckedList::rows).collect();
        cx.journal().record_table(Table { columns: COLUMNS, rows });
        verdict(&checked)
    }
}

/// Reads the option lists, and warns of missing or empty ones.
async fn read(cx: &Context, Query { only, script }: &Query) -> Result<Vec<(OptionList, Vec<OptionEntry>)>> {
    let is_wanted = |list: &OptionList| only.is_empty() || only.contains(list);
    let mut present = Vec::new();
    for list in OptionList::ALL.into_iter().filter(is_wanted) {
        let entries = match script {
            Some(file) => cx.option_lists().read_script(file, list)?,
            None => cx.option_lists().read(list).await?.unwrap_or_default(),
        };
        if entries.is_empty() {
            cx.warning(format!("the option list of {} is missing or empty: not checked", list.contents()));
        }
        let entries = without_parameters(cx, entries);
        if !entries.is_empty() {
            present.push((list, entries));
        }
    }
    if present.is_empty() {
        let error = Error::new(ErrorKind::NotFound, "no entries to check").doing(DOING);
        return Err(error.hint("fill the option lists with `ListImages`, `ListInstanceTypes` and `ListRegions`"));
    }
    Ok(present)
}

/// Removes Systems Manager parameters, which contain an image id: EC2 does not describe them.
fn without_parameters(cx: &Context, mut entries: Vec<OptionEntry>) -> Vec<OptionEntry> {
    entries.retain(|entry| {
        let is_parameter = matches!(ImageId::parse(&entry.id), Ok(ImageId::Parameter(_)));
        if is_parameter {
            cx.warning(format!("{} is a Systems Manager parameter: not checked", entry.id));
        }
        !is_parameter
    });
    entries
}

/// The result of checking an option list.
struct CheckedList {
    list: OptionList,
    count: usize,
    /// Invalid entries and their problems.
    problems: Vec<(String, String)>,
}

impl CheckedList {
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let row =
            |(entry, problem): &(String, String)| vec![self.list.contents().to_owned(), entry.clone(), problem.clone()];
        self.problems.iter().map(row)
    }
}

async fn check(cx: &Context, list: OptionList, entries: Vec<OptionEntry>) -> Result<CheckedList> {
    let ids: Vec<String> = entries.into_iter().map(|entry| entry.id).collect();
    let problems: Vec<_> = match list {
        OptionList::Images => {
            let known = images(cx, &ids).await?;
            ids.iter().filter_map(|id| Some((id.clone(), problem_of_image(known.get(id))?))).collect()
        }
        OptionList::InstanceTypes => unknown(&ids, &instance_types(cx, &ids).await?, "not available in the region"),
        OptionList::Regions => unknown(&ids, &regions(cx).await?, "not enabled for the account"),
    };
    cx.event(format!("{} checked, {} with a problem", list.count_of(ids.len()), problems.len()));
    Ok(CheckedList { list, count: ids.len(), problems })
}

fn unknown(ids: &[String], known: &HashSet<String>, problem: &str) -> Vec<(String, String)> {
    ids.iter().filter(|id| !known.contains(*id)).map(|id| (id.clone(), problem.to_owned())).collect()
}

/// The existing images by id. A filter selects them, so that an unknown id is not an error.
async fn images(cx: &Context, ids: &[String]) -> Result<HashMap<String, Image>> {
    let mut known = HashMap::new();
    for chunk in ids.chunks(VALUES_PER_FILTER) {
        let request = cx.ec2().describe_images().filters(filter("image-id", chunk));
        let found = catalog::images(request.include_deprecated(true).include_disabled(true)).await?;
        known.extend(found.into_iter().filter_map(|image| Some((image.image_id()?.to_owned(), image))));
    }
    Ok(known)
}

fn problem_of_image(image: Option<&Image>) -> Option<String> {
    let Some(image) = image else {
        return Some("not found in the region, or not shared with the account".to_owned());
    };
    let unavailable = image.state().filter(|state| **state != ImageState::Available);
    unavailable
        .map(|state| format!("`{}`, not `available`", state.as_str()))
        .or_else(|| deprecated_since(image).map(|since| format!("deprecated since {since}")))
}

async fn instance_types(cx: &Context, names: &[String]) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    for chunk in names.chunks(VALUES_PER_FILTER) {
        let request = cx.ec2().describe_instance_types().filters(filter("instance-type", chunk));
        let found = catalog::instance_types(request).await?;
        known.extend(found.iter().filter_map(InstanceTypeInfo::instance_type).map(|name| name.as_str().to_owned()));
    }
    Ok(known)
}

async fn regions(cx: &Context) -> Result<HashSet<String>> {
    let found = catalog::regions(cx).await?;
    Ok(found.iter().filter_map(Region::region_name).map(str::to_owned).collect())
}

fn verdict(checked: &[CheckedList]) -> Result<Outcome> {
    let stale = |list: &&CheckedList| !list.problems.is_empty();
    if !checked.iter().any(|list| stale(&list)) {
        let counts: Vec<_> = checked.iter().map(|checked| checked.list.count_of(checked.count)).collect();
        return Ok(Outcome::new(format!("{} checked, all found in EC2", counts.join(", "))));
    }
    let count = |stale: &CheckedList| format!("{} of {}", stale.problems.len(), stale.list.count_of(stale.count));
    let counts: Vec<_> = checked.iter().filter(stale).map(count).collect();
    let error = Error::new(ErrorKind::NotFound, format!("{} cannot be used", counts.join(", ")));
    Err(error.doing(DOING).hint("update the option lists with `ListImages`, `ListInstanceTypes` and `ListRegions`"))
}

#[cfg(test)]
mod tests;
