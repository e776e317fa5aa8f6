//! The trait of functions, their metadata, and their registration at link time.

use async_trait::async_trait;

use crate::args::{ArgGroup, ArgSpec, Inputs};
use crate::context::Context;
use crate::error::Result;
use crate::iam::IamAction;
use crate::outcome::Outcome;

/// A function of the connector.
///
/// An implementation is a unit struct; client, clock and configuration come from the [`Context`].
#[async_trait]
pub trait Operation: Send + Sync + 'static {
    /// The parsed arguments of a job.
    type Args: Send + Sync + 'static;

    /// The metadata of the function.
    const META: OperationMeta;

    /// Parses the arguments of a job and checks the rules between them. Called once, before anything else; must not
    /// perform I/O or use random numbers.
    ///
    /// # Errors
    /// Of kind [`InvalidInput`](crate::ErrorKind::InvalidInput).
    fn parse(&self, inputs: &Inputs) -> Result<Self::Args>;

    /// Runs the job, and records all changes to instances in the journal as soon as they are known.
    ///
    /// The future may be dropped at any await point when the job is interrupted.
    ///
    /// # Errors
    /// When a part failed. The journal contains what succeeded.
    async fn run(&self, cx: &Context, args: &Self::Args) -> Result<Outcome>;
}

/// An object-safe [`Operation`], for the registry.
#[doc(hidden)]
pub trait AnyOperation: Send + Sync {
    /// See [`Operation::META`].
    fn meta(&self) -> &'static OperationMeta;

    /// See [`Operation::parse`].
    ///
    /// # Errors
    /// Those of [`Operation::parse`].
    fn prepare(&'static self, inputs: &Inputs) -> Result<Box<dyn PreparedJob>>;
}

/// An operation with its parsed arguments.
#[doc(hidden)]
#[async_trait]
pub trait PreparedJob: Send + Sync {
    /// See [`Operation::run`].
    ///
    /// # Errors
    /// Those of [`Operation::run`].
    async fn run(&self, cx: &Context) -> Result<Outcome>;
}

struct PreparedOperation<O: Operation> {
    operation: &'static O,
    args: O::Args,
}

#[async_trait]
impl<O: Operation> PreparedJob for PreparedOperation<O> {
    async fn run(&self, cx: &Context) -> Result<Outcome> {
        self.operation.run(cx, &self.args).await
    }
}

impl<O: Operation> AnyOperation for O {
    fn meta(&self) -> &'static OperationMeta {
        const { &O::META }
    }

    fn prepare(&'static self, inputs: &Inputs) -> Result<Box<dyn PreparedJob>> {
        Ok(Box::new(PreparedOperation { operation: self, args: self.parse(inputs)? }))
    }
}

/// An example of a function's command line.
///
/// Tests run the examples, and fill in the job form with the values of all examples of a function. An id is a placeholder
/// such as `i-0123456789abcdef0`, of a kind that the tests can create (see `xtask/src/test_bed/placeholders.rs`); instances
/// are named `web`, the launch template is `nightly`, and the data script is `lists.txt`.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// A sentence about what it does.
    pub about: &'static str,
    /// The arguments after the function's name.
    pub arguments: &'static [&'static str],
}

impl Example {
    /// The command line with the sentence about what it does.
    pub const fn new(about: &'static str, arguments: &'static [&'static str]) -> Self {
        Example { about, arguments }
    }
}

/// The metadata of a function.
#[derive(Clone, Copy, Debug)]
pub struct OperationMeta {
    /// The name in job definitions, in the style of EC2 actions, in the singular.
    pub name: &'static str,
    /// What it does: one imperative sentence.
    pub summary: &'static str,
    /// Further sentences for the help and the reference.
    pub description: &'static str,
    /// Its arguments, in lists that functions can share.
    pub arguments: &'static [&'static [ArgSpec]],
    /// Rules about several arguments.
    pub groups: &'static [ArgGroup],
    /// Example command lines.
    pub examples: &'static [Example],
    /// The IAM actions that it may need.
    pub iam_actions: &'static [IamAction],
    /// Whether it changes anything in EC2; if so, it has a dry run.
    pub changes_resources: bool,
}

impl OperationMeta {
    /// Creates the metadata of a function without arguments that changes nothing.
    pub const fn new(name: &'static str, summary: &'static str) -> Self {
        OperationMeta {
            name,
            summary,
            description: "",
            arguments: &[],
            groups: &[],
            examples: &[],
            iam_actions: &[],
            changes_resources: false,
        }
    }

    /// Sets the further sentences.
    #[must_use]
    pub const fn description(self, description: &'static str) -> Self {
        OperationMeta { description, ..self }
    }

    /// Sets the arguments.
    #[must_use]
    pub const fn arguments(self, arguments: &'static [&'static [ArgSpec]]) -> Self {
        OperationMeta { arguments, ..self }
    }

    /// Sets the rules about several arguments.
    #[must_use]
    pub const fn groups(self, groups: &'static [ArgGroup]) -> Self {
        OperationMeta { groups, ..self }
    }

    /// Sets the examples.
    #[must_use]
    pub const fn examples(self, examples: &'static [Example]) -> Self {
        OperationMeta { examples, ..self }
    }

    /// Sets the IAM actions.
    #[must_use]
    pub const fn iam_actions(self, iam_actions: &'static [IamAction]) -> Self {
        OperationMeta { iam_actions, ..self }
    }

    /// Marks the function as one that changes EC2 and has a dry run.
    #[must_use]
    pub const fn changes_resources(self) -> Self {
        OperationMeta { changes_resources: true, ..self }
    }

    /// All its arguments, in order.
    pub fn all_arguments(&self) -> impl Iterator<Item = &'static ArgSpec> + use<> {
        self.arguments.iter().flat_map(|list| list.iter())
    }
}

/// An operation and the source location of its registration.
pub struct Registration {
    /// The operation.
    pub operation: &'static dyn AnyOperation,
    /// The package that registered it.
    pub crate_name: &'static str,
    /// The version of that package.
    pub version: &'static str,
    /// The source file of the registration.
    pub file: &'static str,
    /// The line of the registration.
    pub line: u32,
}

inventory::collect!(Registration);

/// Registers an operation, a unit struct, at link time: `register!(CopyImage);`.
#[macro_export]
macro_rules! register {
    ($operation:expr) => {
        $crate::inventory::submit! {
            $crate::Registration {
                operation: &$operation,
                crate_name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                file: file!(),
                line: line!(),
            }
        }
    };
}

/// All operations linked into this program, sorted by name.
pub fn operations() -> Vec<&'static Registration> {
    let mut registrations: Vec<_> = inventory::iter::<Registration>.into_iter().collect();
    registrations.sort_by_key(|registration| registration.operation.meta().name);
    registrations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::SampleOperation;
    use crate::testing::Job;

    struct AnotherOperation;
    register!(AnotherOperation);

    #[async_trait]
    impl Operation for AnotherOperation {
        type Args = ();

        const META: OperationMeta = OperationMeta::new("AnotherOperation", "Do nothing either.");

        fn parse(&self, _inputs: &Inputs) -> Result<()> {
            Ok(())
        }

        async fn run(&self, _cx: &Context, _args: &()) -> Result<Outcome> {
            Ok(Outcome::new("nothing done either"))
        }
    }

    #[test]
    fn registered_operations_are_sorted_and_have_their_source_location() {
        let found: Vec<_> = operations()
            .into_iter()
            .map(|registration| (registration.operation.meta().name, registration.crate_name))
            .collect();
        assert_eq!(found, [("AnotherOperation", "connector-sdk"), ("SampleOperation", "connector-sdk")]);
        let another = operations()[0];
        assert_eq!(another.version, env!("CARGO_PKG_VERSION"));
        assert!(another.file.ends_with("operation.rs") && another.line > 0);
    }

    #[tokio::test]
    async fn a_prepared_job_runs_its_operation() {
        let prepared = operations()[0].operation.prepare(&Inputs::default()).unwrap();
        assert_eq!(prepared.run(&Job::new(&[]).cx).await.unwrap().message, "nothing done either");
    }

    #[test]
    fn arguments_come_in_the_order_of_their_lists() {
        let meta = SampleOperation::META;
        let names: Vec<_> = meta.all_arguments().map(|argument| argument.name).collect();
        assert_eq!(names[..4], ["tag-name", "instance-id", "allow-none", "wait"]);
        assert_eq!(names.last(), Some(&"private-ip-property"));
        assert_eq!(AnotherOperation::META.all_arguments().count(), 0);
    }
}
