//! `PATCH /me`: changes the caller's name and tastes. What is not sent stays as it is.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, caller, if_match, json, with_etag},
    store::{Changed, Get, Key, Save, change},
    views::UserView,
};
use drape_domain::{Background, Category, Modesty, Money, Prefs, Text, Timestamp, User};
use serde::{Deserialize, Deserializer};

/// What changes accounts.
#[derive(Debug)]
pub struct MeUpdate<U> {
    /// Accounts.
    pub users: U,
}

/// At most this many entries in each list of tastes.
const MAX_ENTRIES: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    name: Option<Text<100>>,
    #[serde(default)]
    prefs: Option<PrefsInput>,
}

/// A list that is not sent stays; an empty one clears.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct PrefsInput {
    #[serde(deserialize_with = "sent")]
    background_preference: Option<Option<Background>>,
    favorite_styles: Option<Entries<Text<40>>>,
    preferred_colors: Option<Entries<Text<40>>>,
    disliked_colors: Option<Entries<Text<40>>>,
    disliked_categories: Option<Entries<Category>>,
    sizes: Option<Entries<Text<40>>>,
    #[serde(deserialize_with = "sent")]
    modesty: Option<Option<Modesty>>,
    #[serde(deserialize_with = "sent")]
    budget: Option<Option<Money>>,
}

/// Tells `null` (clear it) from absence (leave it).
fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<Option<T>, D::Error> {
    T::deserialize(reader).map(Some)
}

/// A list of bounded length.
#[derive(Deserialize, Clone)]
#[serde(try_from = "Vec<T>")]
struct Entries<T>(Vec<T>);

impl<T> TryFrom<Vec<T>> for Entries<T> {
    type Error = String;
    fn try_from(entries: Vec<T>) -> Result<Self, String> {
        if entries.len() <= MAX_ENTRIES {
            Ok(Self(entries))
        } else {
            Err(format!("must have at most {MAX_ENTRIES} entries"))
        }
    }
}

impl PrefsInput {
    fn apply(&self, prefs: &mut Prefs) {
        fn replace<T: Clone>(list: &mut Vec<T>, sent: Option<&Entries<T>>) {
            if let Some(Entries(entries)) = sent {
                list.clone_from(entries);
            }
        }
        if let Some(background) = self.background_preference {
            prefs.background_preference = background;
        }
        replace(&mut prefs.favorite_styles, self.favorite_styles.as_ref());
        replace(&mut prefs.preferred_colors, self.preferred_colors.as_ref());
        replace(&mut prefs.disliked_colors, self.disliked_colors.as_ref());
        replace(
            &mut prefs.disliked_categories,
            self.disliked_categories.as_ref(),
        );
        replace(&mut prefs.sizes, self.sizes.as_ref());
        if let Some(modesty) = self.modesty {
            prefs.modesty = modesty;
        }
        if let Some(budget) = self.budget {
            prefs.budget = budget;
        }
    }
}

impl<U: Get<User> + Save<User> + 'static> Endpoint for MeUpdate<U> {
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let input: Input = body(&request)?;
        if input.name.is_none() && input.prefs.is_none() {
            return Err(Problem::invalid_field("body", "must have name or prefs"));
        }
        let if_match = if_match(&request);
        let now = Timestamp::now_utc();
        let mut refused = None;
        let changed = change(
            &self.users,
            &Key::simple(caller.user_id),
            |user: &mut User| {
                refused = if_match.check(user.revision).err();
                if refused.is_some() {
                    return false;
                }
                if let Some(name) = &input.name {
                    user.name = name.clone();
                }
                if let Some(prefs) = &input.prefs {
                    prefs.apply(&mut user.prefs);
                }
                user.updated_at = now;
                true
            },
        )
        .await?;
        match (changed, refused) {
            (_, Some(problem)) => Err(problem),
            (Changed::Written(user) | Changed::Kept(user), None) => {
                let revision = user.revision;
                let answer = serde_json::json!({ "user": UserView::from(user) });
                with_etag(revision, json(200, &answer))
            }
            (Changed::Missing, None) => Err(Problem::not_found(
                "user_not_found",
                "The account does not exist any more.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{Create, memory::MemoryTable},
        testing::{new_user, request},
    };
    use drape_domain::UserId;
    use serde_json::{Value, json};

    use super::*;

    async fn app() -> (MeUpdate<MemoryTable<User>>, UserId) {
        let user = User {
            prefs: Prefs {
                background_preference: Some(Background::Original),
                sizes: vec![Text::try_from("M").unwrap()],
                ..Prefs::default()
            },
            ..new_user()
        };
        let app = MeUpdate {
            users: MemoryTable::default(),
        };
        app.users.create(&user).await.unwrap();
        (app, user.id)
    }

    #[tokio::test]
    async fn what_is_sent_changes_and_the_rest_stays() {
        let (app, user) = app().await;
        let change =
            json!({"prefs": {"preferred_colors": ["navy"], "disliked_categories": ["hat"]}});
        let answer = request().by(user).json(&change).send(&app).await;
        assert_eq!(answer.status, 200);
        let prefs = &answer.body["user"]["prefs"];
        assert_eq!(prefs["preferred_colors"], json!(["navy"]));
        assert_eq!(
            (&prefs["sizes"], &prefs["background_preference"]),
            (&json!(["M"]), &json!("original"))
        );
        assert_eq!(answer.body["user"]["name"], "Shopper");
        assert_eq!(answer.body["user"]["etag"], "\"2\"");
        assert_eq!(answer.headers["etag"], "\"2\"");
    }

    #[tokio::test]
    async fn null_and_empty_clear() {
        let (app, user) = app().await;
        let change = json!({"prefs": {"background_preference": null, "sizes": []}});
        let answer = request().by(user).json(&change).send(&app).await;
        assert_eq!(
            answer.body["user"]["prefs"]["background_preference"],
            Value::Null
        );
        assert_eq!(answer.body["user"]["prefs"]["sizes"], json!([]));
    }

    #[tokio::test]
    async fn modesty_and_budget_are_set_and_cleared() {
        let (app, user) = app().await;
        let budget = json!({"amount": 2_500_000, "currency": "NGN", "display": "₦25,000"});
        let change = json!({"prefs": {"modesty": "modest", "budget": budget}});
        let answer = request().by(user).json(&change).send(&app).await;
        let prefs = &answer.body["user"]["prefs"];
        assert_eq!(
            (&prefs["modesty"], &prefs["budget"]),
            (&json!("modest"), &budget)
        );

        let change = json!({"prefs": {"modesty": "standard"}});
        let answer = request().by(user).json(&change).send(&app).await;
        let prefs = &answer.body["user"]["prefs"];
        assert_eq!(
            (&prefs["modesty"], &prefs["budget"]),
            (&json!("standard"), &budget)
        );

        let change = json!({"prefs": {"modesty": null, "budget": null}});
        let answer = request().by(user).json(&change).send(&app).await;
        let prefs = &answer.body["user"]["prefs"];
        assert_eq!(
            (&prefs["modesty"], &prefs["budget"]),
            (&Value::Null, &Value::Null)
        );
    }

    #[tokio::test]
    async fn of_two_changes_to_the_same_etag_one_is_refused() {
        let (app, user) = app().await;
        let patch = |name: &str| {
            request()
                .by(user)
                .header("if-match", "\"1\"")
                .json(&json!({ "name": name }))
        };
        let (a, b) = tokio::join!(patch("One").send(&app), patch("Other").send(&app));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let (app, user) = app().await;
        for (input, field) in [
            (json!({}), "body"),
            (json!({"email": "new@example.com"}), "email"),
            (
                json!({"prefs": {"disliked_categories": ["cape"]}}),
                "prefs.disliked_categories[0]",
            ),
            (json!({"prefs": {"sizes": vec!["M"; 51]}}), "prefs.sizes"),
            (
                json!({"prefs": {"background_preference": "blue"}}),
                "prefs.background_preference",
            ),
            (json!({"prefs": {"modesty": "very"}}), "prefs.modesty"),
            (
                json!({"prefs": {"budget": {"amount": -1, "currency": "NGN"}}}),
                "prefs.budget",
            ),
        ] {
            let answer = request().by(user).json(&input).send(&app).await;
            assert_eq!(
                (answer.status, answer.fields()),
                (422, vec![field]),
                "{input}"
            );
        }
    }
}
