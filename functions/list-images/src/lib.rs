//! `ListImages`: shows images, and fills their option list in OpCon.

mod family;

use std::collections::HashSet;

use connector_sdk::catalog::{self, ARCHITECTURE, Architecture, deprecated_since};
use connector_sdk::ec2::types::{ArchitectureValues, Image};
use connector_sdk::option_lists::{self, Destination, Listing, OptionEntry, OptionList};
use connector_sdk::prelude::*;
use connector_sdk::{checked_text, filter};

use family::family_of;

/// The account of the credentials.
const SELF: &str = "self";
/// Owners with too many images for a list.
const PUBLIC_OWNERS: &[&str] = &["amazon", "aws-marketplace"];

checked_text! {
    /// An owner of images: an account id, or a name defined by EC2.
    struct Owner where is_owner, else "must be `self`, `amazon`, `aws-marketplace` or an account id of 12 digits";
}

fn is_owner(text: &str) -> bool {
    let is_account_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account_id || text == SELF || PUBLIC_OWNERS.contains(&text)
}

impl Owner {
    fn is_public(&self) -> bool {
        PUBLIC_OWNERS.contains(&self.as_str())
    }
}

const OWNER: Arg<Owner, Repeated> = Arg::new(
    "owner",
    "OWNER",
    "The owner of the images: `self`, `amazon`, `aws-marketplace` or an account id of 12 digits. Default: `self`. \
     `amazon` and `aws-marketplace` need `--name`. Repeatable or comma-separated.",
)
.repeatable()
.separated_by(',');

const NAME: Arg<String, Repeated> = Arg::new(
    "name",
    "PATTERN",
    "Only images with this name; `*` matches any text, `?` any character. Repeatable: images that match any of the \
     patterns.",
)
.repeatable();

const LATEST: Arg<bool, Always> = Arg::flag(
    "latest",
    "Only the newest image of each family: images whose names differ only in a date and the version or build number \
     around it.",
);

const INCLUDE_DEPRECATED: Arg<bool, Always> = Arg::flag("include-deprecated", "Include deprecated images.");

const LISTING: Listing<Image> =
    Listing { list: OptionList::Images, columns: &["Image ID", "Name", "Architecture", "Created"], row, entry };

struct ListImages;
register!(ListImages);

/// The images to show, and the destination of the list.
struct Query {
    owners: Vec<Owner>,
    names: Vec<String>,
    architecture: Option<Architecture>,
    latest: bool,
    include_deprecated: bool,
    destination: Destination,
}

#[async_trait]
impl Operation for ListImages {
    type Args = Query;

    const META: OperationMeta = OperationMeta::new("ListImages", "Show images and fill their option list in OpCon.")
        .description(
            "Shows the available images in the region, newest first. `--save` and `--data-script` write them to the \
             option list of the job forms, each described by its name; without these options they are only shown. \
             Images belong to a region: an option list is only for jobs in this region.",
        )
        .arguments(&[
            &[OWNER.spec, NAME.spec, ARCHITECTURE.spec, LATEST.spec, INCLUDE_DEPRECATED.spec],
            option_lists::ARGUMENTS,
        ])
        .examples(&[
            Example::new("Save the account's own images for the job forms of Enterprise Manager.", &["--save"]),
            Example::new(
                "Show the newest image of each family of Amazon Linux 2023.",
                &["--owner", "amazon", "--name", "al2023-ami-2023*", "--latest"],
            ),
        ])
        .iam_actions(&[catalog::DESCRIBE_IMAGES]);

    fn parse(&self, inputs: &Inputs) -> Result<Query> {
        let (owners, names) = (inputs.get(&OWNER), inputs.get(&NAME));
        if let Some(owner) = owners.iter().find(|owner| owner.is_public() && names.is_empty()) {
            let message = format!("`--owner {owner}` without `--name` matches tens of thousands of images");
            let error = Error::new(ErrorKind::InvalidInput, message);
            return Err(error.hint("specify how the names begin, such as `--name \"al2023-ami-2023*\"`"));
        }
        Ok(Query {
            owners,
            names,
            architecture: inputs.get(&ARCHITECTURE),
            latest: inputs.get(&LATEST),
            include_deprecated: inputs.get(&INCLUDE_DEPRECATED),
            destination: Destination::parse(inputs),
        })
    }

    async fn run(&self, cx: &Context, query: &Query) -> Result<Outcome> {
        LISTING.run(cx, &query.destination, images(cx, query)).await
    }
}

/// Finds the requested images, the newest first.
async fn images(cx: &Context, query: &Query) -> Result<Vec<Image>> {
    let mut owners: Vec<_> = query.owners.iter().map(|owner| owner.0.clone()).collect();
    if owners.is_empty() {
        owners.push(SELF.to_owned());
    }
    let mut filters = vec![filter("state", ["available"])];
    if !query.names.is_empty() {
        filters.push(filter("name", &query.names));
    }
    filters.extend(query.architecture.as_ref().map(|only| filter("architecture", [only.as_str()])));
    let deprecated = query.include_deprecated;
    let request = cx.ec2().describe_images().set_owners(Some(owners)).set_filters(Some(filters));
    let mut found = catalog::images(request.include_deprecated(deprecated)).await?;
    // EC2 always returns deprecated images to their owner.
    found.retain(|image| deprecated || deprecated_since(image).is_none());
    found.sort_by(|a, b| (b.creation_date(), a.image_id()).cmp(&(a.creation_date(), b.image_id())));
    if query.latest {
        let mut seen = HashSet::new();
        found.retain(|image| seen.insert(family_key(image)));
    }
    Ok(found)
}

/// The key that images of one family have in common; an image without a name has a family of its own.
fn family_key(image: &Image) -> (Option<String>, Option<String>, Option<ArchitectureValues>) {
    let family = image.name().map(family_of).or_else(|| image.image_id().map(str::to_owned));
    (family, image.owner_id().map(str::to_owned), image.architecture().cloned())
}

fn row(image: &Image) -> Vec<String> {
    let architecture = image.architecture().map(ArchitectureValues::as_str);
    let cells = [image.image_id(), image.name(), architecture, image.creation_date()];
    cells.map(|cell| cell.unwrap_or_default().to_owned()).into()
}

fn entry(image: &Image) -> Option<OptionEntry> {
    Some(OptionEntry { id: image.image_id()?.to_owned(), description: image.name().map(str::to_owned) })
}

#[cfg(test)]
mod tests;
