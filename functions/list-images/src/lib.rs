//! `ListImages`: shows images, and fills their list in job forms.

mod family;

use std::collections::HashSet;

use connector_sdk::args::{Always, Repeated};
use connector_sdk::ec2::types::{ArchitectureValues, Image};
use connector_sdk::lists::{self, List, ListEntry};
use connector_sdk::offers::{self, ARCHITECTURE, DESCRIBE_IMAGES, deprecated_since};
use connector_sdk::{
    Arg, ArgValue, Context, Error, ErrorKind, Example, Inputs, Operation, OperationMeta, Outcome, Result, Table,
    ValueKind, async_trait, filter, register,
};

use family::family_of;

/// Whose images they are: an account, or a name that EC2 has for some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner(String);

/// The account of the job.
const SELF: &str = "self";
/// Owners of more images than anybody can choose from.
const PUBLIC_OWNERS: &[&str] = &["amazon", "aws-marketplace"];

impl Owner {
    fn is_public(&self) -> bool {
        PUBLIC_OWNERS.contains(&self.0.as_str())
    }
}

impl ArgValue for Owner {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        (is_account || text == SELF || PUBLIC_OWNERS.contains(&text))
            .then(|| Owner(text.to_owned()))
            .ok_or_else(|| "must be `self`, `amazon`, `aws-marketplace` or an account id of 12 digits".to_owned())
    }
}

const OWNER: Arg<Owner, Repeated> = Arg::new(
    "owner",
    "OWNER",
    "Whose images: `self`, `amazon`, `aws-marketplace` or an account id of 12 digits. Default: `self`. `amazon` and \
     `aws-marketplace` need --name. Repeatable; several may stand in one value with commas between them.",
)
.repeatable()
.separated_by(',');

const NAME: Arg<String, Repeated> = Arg::new(
    "name",
    "PATTERN",
    "Only images with this name; `*` stands for any text, `?` for any character. Repeatable: any of the patterns will do.",
)
.repeatable();

const LATEST: Arg<bool, Always> = Arg::flag(
    "latest",
    "Only the newest image of each family: of those whose names differ in nothing but a date and the version or build \
     number around it.",
);

const INCLUDE_DEPRECATED: Arg<bool, Always> =
    Arg::flag("include-deprecated", "Do not leave out images that their owners have deprecated.");

static META: OperationMeta = OperationMeta::new("ListImages", "Show images, and fill their list in job forms.")
    .description(
        "Shows the images of the region that are available, newest first. --save and --data-script write them into the \
         list that job forms offer, each described by its name; without both they are only shown. Images belong to a \
         region: a list serves the jobs of this region alone.",
    )
    .arguments(&[&[OWNER.spec, NAME.spec, ARCHITECTURE.spec, LATEST.spec, INCLUDE_DEPRECATED.spec], lists::ARGUMENTS])
    .examples(&[
        Example {
            about: "Save the account's own images for the job forms of Enterprise Manager.",
            arguments: &["--save"],
        },
        Example {
            about: "Show the newest image of each family of Amazon Linux 2023.",
            arguments: &["--owner", "amazon", "--name", "al2023-ami-2023*", "--latest"],
        },
    ])
    .iam_actions(&[DESCRIBE_IMAGES]);

const COLUMNS: &[&str] = &["Image ID", "Name", "Architecture", "Created"];

struct ListImages;
register!(ListImages);

#[async_trait]
impl Operation for ListImages {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn check(&self, inputs: &Inputs) -> Result<()> {
        let owners = inputs.get(&OWNER);
        match owners.iter().find(|owner| owner.is_public()) {
            Some(owner) if inputs.get(&NAME).is_empty() => {
                let message = format!("--owner {} without --name would be tens of thousands", owner.0);
                let error = Error::new(ErrorKind::InvalidInput, message).doing("selecting images");
                Err(error.hint("give the beginning of the names, as in --name \"al2023-ami-2023*\""))
            }
            _ => Ok(()),
        }
    }

    async fn run(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        lists::prepare(cx, inputs).await?;
        let mut found = find(cx, inputs).await?;
        found.sort_by(|a, b| (b.creation_date(), a.image_id()).cmp(&(a.creation_date(), b.image_id())));
        if inputs.get(&LATEST) {
            let mut seen = HashSet::new();
            found.retain(|image| seen.insert(kin(image)));
        }
        let kept = lists::cut(cx, inputs, List::Images, found);
        cx.journal().found(Table { columns: COLUMNS, rows: kept.iter().map(row).collect() });
        let entries: Vec<_> = kept.iter().filter_map(entry).collect();
        lists::deliver(cx, inputs, List::Images, &entries).await
    }
}

/// The images that the job asks for.
async fn find(cx: &Context, inputs: &Inputs) -> Result<Vec<Image>> {
    let mut owners: Vec<_> = inputs.get(&OWNER).into_iter().map(|owner| owner.0).collect();
    if owners.is_empty() {
        owners.push(SELF.to_owned());
    }
    let mut filters = vec![filter("state", ["available"])];
    let names = inputs.get(&NAME);
    if !names.is_empty() {
        filters.push(filter("name", names));
    }
    filters.extend(inputs.get(&ARCHITECTURE).map(|only| filter("architecture", [only.as_str()])));
    let deprecated = inputs.get(&INCLUDE_DEPRECATED);
    let request = cx.ec2().describe_images().set_owners(Some(owners)).set_filters(Some(filters));
    let mut found = offers::images(request.include_deprecated(deprecated)).await?;
    // The owner of a deprecated image gets it whatever was asked for.
    found.retain(|image| deprecated || deprecated_since(image).is_none());
    Ok(found)
}

/// What the images of one family have in common. One without a name has none but itself.
fn kin(image: &Image) -> (Option<String>, Option<String>, Option<ArchitectureValues>) {
    let family = image.name().map(family_of).or_else(|| image.image_id().map(str::to_owned));
    (family, image.owner_id().map(str::to_owned), image.architecture().cloned())
}

fn row(image: &Image) -> Vec<String> {
    let architecture = image.architecture().map(ArchitectureValues::as_str);
    let cells = [image.image_id(), image.name(), architecture, image.creation_date()];
    cells.map(|cell| cell.unwrap_or_default().to_owned()).into()
}

fn entry(image: &Image) -> Option<ListEntry> {
    Some(ListEntry { id: image.image_id()?.to_owned(), description: image.name().map(str::to_owned) })
}

#[cfg(test)]
mod tests;
