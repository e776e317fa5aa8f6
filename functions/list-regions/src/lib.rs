//! `ListRegions`: shows regions, and fills their list in job forms.

use connector_sdk::ec2::types::Region;
use connector_sdk::lists::{self, Destination, List, ListEntry};
use connector_sdk::{
    Context, Example, Inputs, Operation, OperationMeta, Outcome, Result, Table, async_trait, offers, register,
};

static META: OperationMeta = OperationMeta::new("ListRegions", "Show regions, and fill their list in job forms.")
    .description(
        "Shows the regions that are enabled for the account, sorted by name. --save and --data-script write them into the \
         list that job forms offer; without both they are only shown.",
    )
    .arguments(&[lists::ARGUMENTS])
    .examples(&[
        Example { about: "Show the regions of the account.", arguments: &[] },
        Example { about: "Save them for the job forms of Enterprise Manager.", arguments: &["--save"] },
    ])
    .iam_actions(&["ec2:DescribeRegions"]);

const COLUMNS: &[&str] = &["Region", "Status", "Endpoint"];

struct ListRegions;
register!(ListRegions);

#[async_trait]
impl Operation for ListRegions {
    type Args = Destination;

    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn parse(&self, inputs: &Inputs) -> Result<Destination> {
        Ok(Destination::parse(inputs))
    }

    async fn run(&self, cx: &Context, destination: &Destination) -> Result<Outcome> {
        destination.prepare(cx).await?;
        let mut found = offers::regions(cx).await?;
        found.sort_by(|a, b| a.region_name().cmp(&b.region_name()));
        let kept = destination.cut(cx, List::Regions, found);
        cx.journal().found(Table { columns: COLUMNS, rows: kept.iter().map(row).collect() });
        let entries: Vec<_> = kept.iter().filter_map(entry).collect();
        destination.write(cx, List::Regions, &entries).await
    }
}

fn row(region: &Region) -> Vec<String> {
    let cells = [region.region_name(), region.opt_in_status(), region.endpoint()];
    cells.map(|cell| cell.unwrap_or_default().to_owned()).into()
}

fn entry(region: &Region) -> Option<ListEntry> {
    Some(ListEntry { id: region.region_name()?.to_owned(), description: None })
}

#[cfg(test)]
mod tests;
