//! `ListInstanceTypes`: shows instance types, and fills their option list in OpCon.

use connector_sdk::catalog::{self, ARCHITECTURE, Architecture};
use connector_sdk::ec2::types::{ArchitectureType, InstanceTypeInfo};
use connector_sdk::names::is_family;
use connector_sdk::option_lists::{self, Destination, Listing, OptionEntry, OptionList};
use connector_sdk::prelude::*;
use connector_sdk::{checked_text, filter};

checked_text! {
    /// A family of instance types: the part of their names before the dot.
    struct Family where is_family,
        else "must be a family such as `t3`: lower-case letters, digits and dashes, without a dot";
}

const FAMILY: Arg<Family, Repeated> = Arg::new(
    "family",
    "FAMILY",
    "Only instance types of this family, the part before the dot, such as `t3`. Repeatable or comma-separated.",
)
.repeatable()
.separated_by(',');

const CURRENT_GENERATION: Arg<bool, Always> =
    Arg::flag("current-generation", "Only current-generation instance types.");

const LISTING: Listing<InstanceTypeInfo> = Listing {
    list: OptionList::InstanceTypes,
    columns: &["Instance type", "vCPUs", "Memory MiB", "Architectures"],
    row,
    entry,
};

struct ListInstanceTypes;
register!(ListInstanceTypes);

/// The instance types to show, and the destination of the list.
struct Query {
    families: Vec<Family>,
    architecture: Option<Architecture>,
    current_generation: bool,
    destination: Destination,
}

#[async_trait]
impl Operation for ListInstanceTypes {
    type Args = Query;

    const META: OperationMeta = OperationMeta::new(
        "ListInstanceTypes",
        "Show instance types and fill their option list in OpCon.",
    )
    .description(
        "Shows the instance types that are available in the region, sorted by family, vCPUs and memory. `--save` and \
         `--data-script` write them to the option list of the job forms; without these options they are only shown. \
         All types of a region are too many for an OpCon property: select some families.",
    )
    .arguments(&[&[FAMILY.spec, ARCHITECTURE.spec, CURRENT_GENERATION.spec], option_lists::ARGUMENTS])
    .examples(&[
        Example::new("Show the current instance types for ARM.", &["--architecture", "arm64", "--current-generation"]),
        Example::new("Save two families for the job forms of Enterprise Manager.", &["--family", "t4g,m6g", "--save"]),
    ])
    .iam_actions(&[catalog::DESCRIBE_INSTANCE_TYPES]);

    fn parse(&self, inputs: &Inputs) -> Result<Query> {
        Ok(Query {
            families: inputs.get(&FAMILY),
            architecture: inputs.get(&ARCHITECTURE),
            current_generation: inputs.get(&CURRENT_GENERATION),
            destination: Destination::parse(inputs),
        })
    }

    async fn run(&self, cx: &Context, query: &Query) -> Result<Outcome> {
        LISTING.run(cx, &query.destination, instance_types(cx, query)).await
    }
}

/// Finds the requested instance types, which always have a name, sorted by family and size.
async fn instance_types(cx: &Context, query: &Query) -> Result<Vec<InstanceTypeInfo>> {
    let mut filters = Vec::new();
    let families = &query.families;
    if !families.is_empty() {
        filters.push(filter("instance-type", families.iter().map(|family| format!("{family}.*"))));
    }
    let architecture = query.architecture.as_ref().map(Architecture::as_str);
    filters.extend(architecture.map(|only| filter("processor-info.supported-architecture", [only])));
    if query.current_generation {
        filters.push(filter("current-generation", ["true"]));
    }
    let filters = (!filters.is_empty()).then_some(filters);
    let mut found = catalog::instance_types(cx.ec2().describe_instance_types().set_filters(filters)).await?;
    found.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    Ok(found)
}

fn name(info: &InstanceTypeInfo) -> &str {
    info.instance_type().map(|name| name.as_str()).unwrap_or_default()
}

/// The sort key: by family, then by size.
fn sort_key(info: &InstanceTypeInfo) -> (&str, Option<i32>, Option<i64>, &str) {
    let family = name(info).split('.').next().unwrap_or_default();
    (family, vcpus(info), memory(info), name(info))
}

fn vcpus(info: &InstanceTypeInfo) -> Option<i32> {
    info.v_cpu_info()?.default_v_cpus()
}

fn memory(info: &InstanceTypeInfo) -> Option<i64> {
    info.memory_info()?.size_in_mib()
}

fn row(info: &InstanceTypeInfo) -> Vec<String> {
    let architectures = info.processor_info().map(|processor| processor.supported_architectures()).unwrap_or_default();
    let architectures = architectures.iter().map(ArchitectureType::as_str).collect::<Vec<_>>().join(", ");
    let vcpus = vcpus(info).map(|count| count.to_string()).unwrap_or_default();
    let memory = memory(info).map(|size| size.to_string()).unwrap_or_default();
    vec![name(info).to_owned(), vcpus, memory, architectures]
}

fn entry(info: &InstanceTypeInfo) -> Option<OptionEntry> {
    Some(OptionEntry { id: name(info).to_owned(), description: None })
}

#[cfg(test)]
mod tests;
