//! The contract of every store trait, kept by the memory implementations and by DynamoDB, S3 and SQS alike.
//!
//! The AWS half runs against the local stack at `DRAPE_TEST_ENDPOINT`. Each test makes its own tables,
//! bucket or queue there and removes them, so that tests run side by side and leave nothing behind.

// Clippy lets tests unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod aws;
mod catalog;
mod counters;
mod faults;
mod objects;
mod queues;
mod records;
mod revisions;
mod samples;
mod signals;
