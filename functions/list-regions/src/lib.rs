//! `ListRegions`: shows regions, and fills their list in job forms.

use connector_sdk::ec2::types::Region;
use connector_sdk::lists::{self, List, ListEntry};
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
    .iam_actions(&[offers::DESCRIBE_REGIONS]);

const COLUMNS: &[&str] = &["Region", "Status", "Endpoint"];

struct ListRegions;
register!(ListRegions);

#[async_trait]
impl Operation for ListRegions {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    async fn run(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        lists::prepare(cx, inputs).await?;
        let mut found = offers::regions(cx).await?;
        found.sort_by(|a, b| a.region_name().cmp(&b.region_name()));
        let kept = lists::cut(cx, inputs, List::Regions, found);
        cx.journal().found(Table { columns: COLUMNS, rows: kept.iter().map(row).collect() });
        let entries: Vec<_> = kept.iter().filter_map(entry).collect();
        lists::deliver(cx, inputs, List::Regions, &entries).await
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
