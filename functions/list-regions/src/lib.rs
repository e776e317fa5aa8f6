//! `ListRegions`: shows regions, and fills their option list in OpCon.

use connector_sdk::catalog;
use connector_sdk::ec2::types::Region;
use connector_sdk::option_lists::{self, Destination, Listing, OptionEntry, OptionList};
use connector_sdk::prelude::*;

const LISTING: Listing<Region> =
    Listing { list: OptionList::Regions, columns: &["Region", "Status", "Endpoint"], row, entry };

struct ListRegions;
register!(ListRegions);

#[async_trait]
impl Operation for ListRegions {
    type Args = Destination;

    const META: OperationMeta = OperationMeta::new("ListRegions", "Show regions and fill their option list in OpCon.")
        .description(
            "Shows the regions that are enabled for the account, sorted by name. `--save` and `--data-script` write \
             them to the option list of the job forms; without these options they are only shown.",
        )
        .arguments(&[option_lists::ARGUMENTS])
        .examples(&[
            Example::new("Show the regions of the account.", &[]),
            Example::new("Save them for the job forms of Enterprise Manager.", &["--save"]),
        ])
        .iam_actions(&[catalog::DESCRIBE_REGIONS]);

    fn parse(&self, inputs: &Inputs) -> Result<Destination> {
        Ok(Destination::parse(inputs))
    }

    async fn run(&self, cx: &Context, destination: &Destination) -> Result<Outcome> {
        LISTING.run(cx, destination, regions(cx)).await
    }
}

/// The regions of the account.
async fn regions(cx: &Context) -> Result<Vec<Region>> {
    let mut found = catalog::regions(cx).await?;
    found.sort_by(|a, b| a.region_name().cmp(&b.region_name()));
    Ok(found)
}

fn row(region: &Region) -> Vec<String> {
    let cells = [region.region_name(), region.opt_in_status(), region.endpoint()];
    cells.map(|cell| cell.unwrap_or_default().to_owned()).into()
}

fn entry(region: &Region) -> Option<OptionEntry> {
    Some(OptionEntry { id: region.region_name()?.to_owned(), description: None })
}

#[cfg(test)]
mod tests;
