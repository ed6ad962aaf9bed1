//! The project's own template, through every lint.

use std::collections::BTreeSet;

use drape_template_tests::{
    Complaint, Template, access, alarms, data, environment, logs, machines, names, queues,
    repository_root, routes,
};

fn clean(lint: impl Fn(&Template) -> Vec<Complaint>) -> anyhow::Result<()> {
    let complaints = lint(&Template::of_the_project()?);
    assert!(
        complaints.is_empty(),
        "template.yaml:\n  {}",
        complaints.join("\n  ")
    );
    Ok(())
}

macro_rules! the_template_keeps {
    ($($promise:ident: $lint:path),+ $(,)?) => {$(
        #[test]
        fn $promise() -> anyhow::Result<()> {
            clean($lint)
        }
    )+};
}

the_template_keeps! {
    a_message_stays_hidden_for_six_timeouts: queues::visibility,
    every_batch_is_answered_message_by_message: queues::partial_batches,
    messages_come_one_at_a_time: queues::one_at_a_time,
    every_queue_has_a_dead_letter_queue: queues::dead_letters_of_queues,
    every_asynchronous_function_has_a_dead_letter_queue: queues::dead_letters_of_asynchronous_functions,
    every_function_has_its_own_role: access::own_roles,
    no_role_has_a_wildcard: access::no_wildcards,
    rights_match_the_names_a_function_is_given: access::rights_match_names,
    failed_events_may_be_sent_to_their_queue: access::may_send_failures,
    every_function_logs_into_its_own_group: logs::groups_of_functions,
    no_log_is_kept_for_ever: logs::retention,
    tables_are_encrypted_recoverable_and_protected: data::tables,
    data_outlives_its_stack_by_stage: data::outlives_its_stack,
    buckets_are_private_encrypted_and_tidy: data::buckets,
    uploads_expire: data::uploads_expire,
    buckets_let_the_web_build_in: data::cors,
    the_contract_is_routed: routes::contract,
    every_route_but_three_asks_the_authorizer: routes::authorization,
    every_route_is_throttled: routes::throttling,
    the_api_lets_the_web_build_in: routes::cors,
    the_access_log_holds_no_personal_data: routes::access_log,
    no_function_outlasts_the_gateway: routes::answer_in_time,
    every_dead_letter_queue_is_watched: alarms::dead_letters,
    every_job_and_the_authorizer_are_watched: alarms::functions,
    the_api_is_watched: alarms::apis,
    every_alarm_is_heard: alarms::are_heard,
    a_job_may_fail_once: alarms::are_patient,
    machines_end_and_try_again: machines::machines,
    schedules_lose_nothing: machines::schedules,
    names_agree: names::agree,
}

#[test]
fn every_function_has_a_crate_and_an_event_and_nothing_is_left_over() -> anyhow::Result<()> {
    let root = repository_root();
    let crates: BTreeSet<String> = names::function_folders(&root)
        .unwrap()
        .into_keys()
        .collect();
    let events = names::event_files(&root).unwrap();
    clean(|template| names::complete(template, &crates, &events))
}

#[test]
fn every_function_declares_the_variables_it_reads_and_no_others() -> anyhow::Result<()> {
    let root = repository_root();
    let sources = environment::sources(&root).unwrap();
    let settings = std::fs::read_to_string(root.join("shared/common/src/settings.rs")).unwrap();
    let getters = environment::getters(&settings);
    assert!(
        getters.contains_key("stage"),
        "shared/common/src/settings.rs lists no settings in the form that is looked for"
    );
    clean(|template| environment::declared_is_read(template, &sources, &getters))
}

#[test]
fn the_template_is_not_empty() {
    assert_eq!(Template::of_the_project().unwrap().functions().count(), 28);
}
