//! Reboots: a lost answer, after which none is asked for again.

use super::Job;

#[test]
fn a_reboot_without_an_answer_is_asked_for_once() {
    let job = Job::new("lost-reboot");
    let ids = job.running(2);
    job.layer.on("RebootInstances").call(1).cut_after();
    let finished = job.run("RebootInstance", &[]).expect_code(11);
    super::assert_names_all(&finished, &ids);
    assert_eq!(job.layer.calls_of("RebootInstances").len(), 1, "{finished:#?}");
}
