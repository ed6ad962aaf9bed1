//! Records as clients see them. URLs are signed for minutes and made anew for each answer.

mod item;
mod tryon;
mod user;

pub use item::ItemView;
pub use tryon::TryOnView;
pub use user::UserView;

use std::time::Duration;

/// How long a link to an image works.
pub const IMAGE_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How long a presigned upload works.
pub const UPLOAD_LIFETIME: Duration = Duration::from_secs(15 * 60);
