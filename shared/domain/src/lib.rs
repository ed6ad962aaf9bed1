//! What the business is: users, items, try-ons, signals, money and ids, with the state machines that
//! govern them. No I/O, no AWS, no HTTP: every other crate speaks in these types.

pub mod attributes;
pub mod color;
pub mod id;
pub mod item;
pub mod money;
pub mod showing;
pub mod signal;
pub mod taxonomy;
pub mod text;
pub mod tryon;
pub mod user;

pub use attributes::Attributes;
pub use color::{Color, Oklab, Rgb};
pub use id::{ItemId, RecommendationId, SessionId, ShowingId, SignalId, TryOnId, UploadId, UserId};
pub use item::{Item, ItemStatus, ShownStatus};
pub use money::{Currency, Money};
pub use showing::Showing;
pub use signal::{Signal, SignalKind};
pub use taxonomy::{Background, Category, Pattern, ReturnFormat, Season, Slot};
pub use text::Text;
pub use tryon::{TryOn, TryOnStatus};
pub use user::{Modesty, Prefs, Role, User};

/// A point in time, always UTC; RFC 3339 in JSON.
pub type Timestamp = time::OffsetDateTime;
