//! Access tokens: JWT, HS256, fifteen minutes.
//!
//! The signing secret lives in Secrets Manager. A key's id is made from the secret itself, so rotating is
//! putting a new secret value: issuers sign with the current version, and the authorizer also accepts the
//! previous one until its tokens have run out.

use std::sync::Once;

use drape_domain::{Role, SessionId, Timestamp, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{self, Signer, Verifier},
};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::{hash, store::StoreError};

/// How long an access token works, in seconds.
pub const LIFETIME_SECONDS: u64 = 15 * 60;
const ISSUER: &str = "drape";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For which deployment.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The sign-in.
    pub sid: SessionId,
    /// What the user may do.
    pub role: Role,
    /// When it was issued, in Unix seconds.
    pub iat: i64,
    /// When it stops working, in Unix seconds.
    pub exp: i64,
}

/// One signing key.
struct SigningKey {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    fn new(secret: &str) -> Self {
        let mut kid = hash::hex(secret.as_bytes());
        kid.truncate(16);
        Self {
            kid,
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
        }
    }
}

/// The keys of a deployment, the current one first.
pub struct TokenKeys {
    keys: Vec<SigningKey>,
    audience: String,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeys")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// Why a token is not accepted. Not for clients: they learn no more than 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It names a key that we do not have (any more, or yet).
    #[error("unknown key")]
    UnknownKey,
    /// Anything else: form, algorithm, signature, issuer, audience, time.
    #[error("invalid token")]
    Invalid,
}

impl TokenKeys {
    /// Keys from secrets, the current one first, for the deployment `stage`.
    #[must_use]
    pub fn new(secrets: &[String], stage: &str) -> Self {
        install_hmac();
        Self {
            keys: secrets
                .iter()
                .map(|secret| SigningKey::new(secret))
                .collect(),
            audience: format!("drape-{stage}"),
        }
    }

    /// A token for this user and sign-in.
    ///
    /// # Errors
    /// When signing fails, which takes a key of the wrong kind.
    pub fn issue(
        &self,
        user: UserId,
        session: SessionId,
        role: Role,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        const DOING: &str = "issue token";
        let key = self
            .keys
            .first()
            .ok_or_else(|| StoreError::new(DOING, "no key"))?;
        let iat = now.unix_timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: self.audience.clone(),
            sub: user,
            sid: session,
            role,
            iat,
            exp: iat + LIFETIME_SECONDS as i64,
        };
        let header = Header {
            kid: Some(key.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &key.encoding)
            .map_err(|error| StoreError::new(DOING, error))
    }

    /// What a token says, if it is ours, unaltered and not run out.
    ///
    /// # Errors
    /// [`Refused`] otherwise.
    pub fn verify(&self, token: &str) -> Result<Claims, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?;
        let kid = header.kid.ok_or(Refused::Invalid)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.kid == kid)
            .ok_or(Refused::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 5;
        jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map(|data| data.claims)
            .map_err(|_| Refused::Invalid)
    }
}

/// HMAC for jsonwebtoken from ring, which TLS brings along anyway: its own choices would add a second
/// cryptography library and RSA and elliptic curves that no token of ours uses.
fn install_hmac() {
    static ONCE: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| {
            only_hs256(*algorithm)?;
            Ok(Box::new(Hmac(hmac::Key::new(
                hmac::HMAC_SHA256,
                key.as_bytes(),
            ))))
        },
        verifier_factory: |algorithm, key| {
            only_hs256(*algorithm)?;
            Ok(Box::new(Hmac(hmac::Key::new(
                hmac::HMAC_SHA256,
                key.try_get_as_bytes()?,
            ))))
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    ONCE.call_once(|| {
        // Taken already only if somebody else installed one, and nobody else does.
        let _ = PROVIDER.install_default();
    });
}

fn only_hs256(algorithm: Algorithm) -> Result<(), Error> {
    if algorithm == Algorithm::HS256 {
        Ok(())
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

struct Hmac(hmac::Key);

impl Signer<Vec<u8>> for Hmac {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}
impl JwtSigner for Hmac {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
impl Verifier<Vec<u8>> for Hmac {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}
impl JwtVerifier for Hmac {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn keys(secret: &str, stage: &str) -> TokenKeys {
        TokenKeys::new(&[secret.repeat(32)], stage)
    }

    fn token(keys: &TokenKeys, now: Timestamp) -> String {
        keys.issue(UserId::new(), SessionId::new(), Role::User, now)
            .unwrap()
    }

    #[test]
    fn our_own_token_is_accepted() {
        let keys = keys("a", "test");
        let (user, session) = (UserId::new(), SessionId::new());
        let token = keys
            .issue(user, session, Role::Boutique, Timestamp::now_utc())
            .unwrap();
        let claims = keys.verify(&token).unwrap();
        assert_eq!(
            (claims.sub, claims.sid, claims.role),
            (user, session, Role::Boutique)
        );
    }

    #[test]
    fn a_rotated_secret_keeps_its_tokens() {
        let old = keys("a", "test");
        let token = token(&old, Timestamp::now_utc());
        let rotated = TokenKeys::new(&["b".repeat(32), "a".repeat(32)], "test");
        assert!(rotated.verify(&token).is_ok());
        assert_eq!(keys("b", "test").verify(&token), Err(Refused::UnknownKey));
    }

    #[test]
    fn a_token_runs_out() {
        let keys = keys("a", "test");
        let token = token(&keys, Timestamp::now_utc() - time::Duration::minutes(16));
        assert_eq!(keys.verify(&token), Err(Refused::Invalid));
    }

    #[test]
    fn a_token_of_another_deployment_is_refused() {
        let token = token(&keys("a", "dev"), Timestamp::now_utc());
        assert_eq!(keys("a", "prod").verify(&token), Err(Refused::Invalid));
    }

    #[test]
    fn a_forged_token_is_refused() {
        let keys = keys("a", "test");
        let token = token(&keys, Timestamp::now_utc());
        let (body, _) = token.rsplit_once('.').unwrap();
        let (header, claims) = body.split_once('.').unwrap();
        let kid = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        let none = URL_SAFE_NO_PAD.encode(kid.replace("HS256", "none"));
        let hs512 = URL_SAFE_NO_PAD.encode(kid.replace("HS256", "HS512"));
        let richer = URL_SAFE_NO_PAD.encode(
            String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap())
                .unwrap()
                .replace("user", "boutique"),
        );
        let signature = token.rsplit('.').next().unwrap();
        for forged in [
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{hs512}.{claims}.{signature}"),
            format!("{header}.{richer}.{signature}"),
            format!("{header}.{claims}."),
            String::new(),
            "a.b.c".to_owned(),
        ] {
            assert_eq!(keys.verify(&forged), Err(Refused::Invalid), "{forged}");
        }
    }
}
