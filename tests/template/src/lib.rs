//! What `template.yaml` promises, checked without deploying it. Each lint takes the parsed template and
//! answers complaints that name the resource and the fix; an empty answer means that all is well.

pub mod access;
pub mod alarms;
pub mod data;
pub mod environment;
pub mod events;
pub mod logs;
pub mod machines;
pub mod names;
pub mod queues;
pub mod routes;
mod template;

pub use template::{Function, Resource, Template, repository_root};

/// A broken promise, said so that the reader knows what to change.
pub type Complaint = String;
