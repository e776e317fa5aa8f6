//! A program with defective functions, for the tests of how the program handles them.

use connector_sdk::prelude::*;

const NAME: Arg<String, Optional> = Arg::new("name", "NAME", "A name.");

fn main() -> std::process::ExitCode {
    awsec2::main()
}

struct ParseUndeclared;
register!(ParseUndeclared);

#[async_trait]
impl Operation for ParseUndeclared {
    type Args = Option<String>;

    const META: OperationMeta = OperationMeta::new("ParseUndeclared", "Read an argument that is not declared.");

    fn parse(&self, inputs: &Inputs) -> Result<Option<String>> {
        Ok(inputs.get(&NAME))
    }

    async fn run(&self, _: &Context, _: &Option<String>) -> Result<Outcome> {
        Ok(Outcome::new("nothing done"))
    }
}

struct PanicInRun;
register!(PanicInRun);

#[async_trait]
impl Operation for PanicInRun {
    type Args = ();

    const META: OperationMeta = OperationMeta::new("PanicInRun", "Panic while the job runs.");

    fn parse(&self, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn run(&self, _: &Context, (): &()) -> Result<Outcome> {
        panic!("planted\nPanicInRun succeeded: forged\u{b}\u{1b}[31m\u{e9}")
    }
}

/// Panics after the job, when nothing of the program guards it.
struct PanicAtTheEnd;

impl Drop for PanicAtTheEnd {
    fn drop(&mut self) {
        panic!("planted at the end\nforged")
    }
}

struct PanicInDrop;
register!(PanicInDrop);

#[async_trait]
impl Operation for PanicInDrop {
    type Args = PanicAtTheEnd;

    const META: OperationMeta = OperationMeta::new("PanicInDrop", "Panic after the job.");

    fn parse(&self, _: &Inputs) -> Result<PanicAtTheEnd> {
        Ok(PanicAtTheEnd)
    }

    async fn run(&self, _: &Context, _: &PanicAtTheEnd) -> Result<Outcome> {
        Ok(Outcome::new("nothing done"))
    }
}
