use drape_domain::{Prefs, Role, Timestamp, User, UserId};
use serde::Serialize;

use crate::http::etag;

/// An account as its owner sees it.
#[derive(Debug, Serialize)]
pub struct UserView {
    id: UserId,
    email: String,
    name: String,
    role: Role,
    prefs: Prefs,
    #[serde(with = "time::serde::rfc3339")]
    created_at: Timestamp,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: Timestamp,
    etag: String,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name.into(),
            role: user.role,
            prefs: user.prefs,
            created_at: user.created_at,
            updated_at: user.updated_at,
            etag: etag(user.revision),
        }
    }
}
