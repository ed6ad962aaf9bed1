//! Settings from the environment: one getter per variable, named like it in lower case. A function's
//! block in `template.yaml` declares exactly the variables that its `main.rs` reads here.

/// A variable is missing or empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {0} is not set")]
pub struct MissingSetting(pub &'static str);

/// The process environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings;

impl Settings {
    /// Bytes of memory that the function has, as Lambda says; none elsewhere.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let mebibytes = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok()?;
        mebibytes.parse::<u64>().ok()?.checked_mul(1 << 20)
    }
}

macro_rules! settings {
    ($($(#[$doc:meta])* $getter:ident = $variable:literal),+ $(,)?) => {
        impl Settings {
            $($(#[$doc])*
            ///
            /// # Errors
            /// When the variable is not set.
            pub fn $getter(&self) -> Result<String, MissingSetting> {
                std::env::var($variable).ok().filter(|value| !value.is_empty()).ok_or(MissingSetting($variable))
            })+
        }
    };
}

settings! {
    /// `local`, `dev` or `prod`.
    stage = "STAGE",
    /// Table of accounts.
    users_table = "USERS_TABLE",
    /// Table of refresh token families.
    sessions_table = "SESSIONS_TABLE",
    /// Table of counted attempts.
    limits_table = "LIMITS_TABLE",
    /// Table of items.
    items_table = "ITEMS_TABLE",
    /// Table of item vectors.
    embeddings_table = "EMBEDDINGS_TABLE",
    /// Table of try-ons.
    tryons_table = "TRYONS_TABLE",
    /// Table of training signals.
    signals_table = "SIGNALS_TABLE",
    /// Table of what was shown.
    showings_table = "SHOWINGS_TABLE",
    /// Table of people's styles.
    styles_table = "STYLES_TABLE",
    /// Table of used idempotency keys.
    idempotency_table = "IDEMPOTENCY_TABLE",
    /// Bucket that clients upload to.
    uploads_bucket = "UPLOADS_BUCKET",
    /// Bucket of everything that Drape makes.
    media_bucket = "MEDIA_BUCKET",
    /// Bucket of the index of boutiques' items, and of what is learned.
    learned_bucket = "LEARNED_BUCKET",
    /// Queue of items to clean.
    clean_queue_url = "CLEAN_QUEUE_URL",
    /// Queue of try-ons to render.
    render_queue_url = "RENDER_QUEUE_URL",
    /// Queue that asks for learning.
    retrain_queue_url = "RETRAIN_QUEUE_URL",
    /// Name or ARN of the secret that signs access tokens.
    token_secret_id = "TOKEN_SECRET_ID",
    /// Base URL of the weather service.
    open_meteo_url = "OPEN_METEO_URL",
}
