//! What people type about an item. `POST /items` and `PATCH /items/{id}` take the same fields, with the same
//! limits; both declare their request with [`typed_request!`](crate::typed_request).

mod color;
mod field;
mod photo;

pub use color::{ColorWord, Colors, nearest_word};
pub use field::{Field, Formality, List};
pub use photo::{ContentLength, FileLength, MaskLength};

/// Declares a request that has the typed fields of an item besides its own. Unknown fields are an error.
///
/// A typed field that is absent keeps what is stored, null or an empty list clears it, so that what was read
/// from the photo shows again. (serde's `flatten` would do the same, but errors would not name the field.)
#[macro_export]
macro_rules! typed_request {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$own_meta:meta])* pub $own:ident: $own_type:ty),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$own_meta])* pub $own: $own_type,)*
            /// Short name.
            #[serde(default)]
            pub title: $crate::typed::Field<::drape_domain::Text<120>>,
            /// Longer words.
            #[serde(default)]
            pub description: $crate::typed::Field<::drape_domain::Text<2000>>,
            /// Kind of garment.
            #[serde(default)]
            pub category: $crate::typed::Field<::drape_domain::Category>,
            /// Colours, the largest first.
            #[serde(default)]
            pub colors: $crate::typed::Field<$crate::typed::Colors>,
            /// Surface design.
            #[serde(default)]
            pub pattern: $crate::typed::Field<::drape_domain::Pattern>,
            /// Sizes such as "M" or "EU 42".
            #[serde(default)]
            pub sizes: $crate::typed::Field<$crate::typed::List<::drape_domain::Text<40>, 20>>,
            /// Free words.
            #[serde(default)]
            pub tags: $crate::typed::Field<$crate::typed::List<::drape_domain::Text<40>, 30>>,
            /// 0 (gym) to 1 (black tie).
            #[serde(default)]
            pub formality: $crate::typed::Field<$crate::typed::Formality>,
            /// When it is worn.
            #[serde(default)]
            pub season: $crate::typed::Field<$crate::typed::List<::drape_domain::Season, 4>>,
            /// What it cost or costs.
            #[serde(default)]
            pub price: $crate::typed::Field<::drape_domain::Money>,
        }

        impl $name {
            /// Writes the given fields over what was typed before.
            pub fn write_to(&self, typed: &mut ::drape_domain::item::Typed) {
                self.title.write_to(&mut typed.title);
                self.description.write_to(&mut typed.description);
                self.category.write_to(&mut typed.category);
                self.colors.write_to(&mut typed.colors);
                self.pattern.write_to(&mut typed.pattern);
                self.sizes.write_to(&mut typed.sizes);
                self.tags.write_to(&mut typed.tags);
                self.formality.write_to(&mut typed.formality);
                self.season.write_to(&mut typed.season);
                self.price.write_to(&mut typed.price);
            }

            /// Whether any typed field is given, be it as null.
            #[must_use]
            pub fn says_something(&self) -> bool {
                self.title.is_given()
                    || self.description.is_given()
                    || self.category.is_given()
                    || self.colors.is_given()
                    || self.pattern.is_given()
                    || self.sizes.is_given()
                    || self.tags.is_given()
                    || self.formality.is_given()
                    || self.season.is_given()
                    || self.price.is_given()
            }
        }
    };
}

#[cfg(test)]
#[allow(unreachable_pub)] // the macro declares what an endpoint shows
mod tests {
    use drape_domain::{Category, Season, item::Typed};
    use lambda_http::Body;
    use proptest::prelude::*;
    use serde_json::json;

    use crate::http::{FieldError, Problem, Request, body};

    typed_request! {
        /// The typed fields and one more.
        pub struct Sent {
            /// Its own.
            #[serde(default)]
            pub extra: Option<u8>,
        }
    }

    fn parse(value: &serde_json::Value) -> Result<Sent, Problem> {
        body(&Request::new(Body::Text(value.to_string())))
    }

    fn typed(value: &serde_json::Value) -> Typed {
        let mut typed = Typed::default();
        parse(value).unwrap().write_to(&mut typed);
        typed
    }

    fn fault(value: &serde_json::Value) -> FieldError {
        parse(value).unwrap_err().errors()[0].clone()
    }

    #[test]
    fn what_is_given_is_written_and_the_rest_is_kept() {
        let mut typed = typed(&json!({"title": " Shirt ", "category": "shirt", "formality": 0.5}));
        assert_eq!(
            typed.title.as_ref().map(|title| title.as_str()),
            Some("Shirt")
        );
        parse(&json!({"category": "blouse"}))
            .unwrap()
            .write_to(&mut typed);
        assert_eq!(
            (typed.category, typed.formality),
            (Some(Category::Blouse), Some(0.5))
        );
        assert!(typed.title.is_some());
        assert!(parse(&json!({"tags": null})).unwrap().says_something());
        assert!(!parse(&json!({"extra": 1})).unwrap().says_something());
    }

    #[test]
    fn null_and_an_empty_list_clear() {
        let full = json!({"title": "x", "colors": ["red"], "sizes": ["M"], "tags": ["a"], "season": ["summer"]});
        for nothing in [json!(null), json!([])] {
            let mut typed = typed(&full);
            let clear = json!({"title": null, "colors": nothing, "sizes": nothing, "tags": nothing, "season": nothing});
            parse(&clear).unwrap().write_to(&mut typed);
            assert_eq!(typed, Typed::default());
        }
    }

    #[test]
    fn seasons_are_a_set() {
        assert_eq!(
            typed(&json!({"season": ["winter", "summer", "winter"]})).season,
            Some(vec![Season::Winter, Season::Summer])
        );
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (sent, field) in [
            (json!({"title": "x".repeat(10_000)}), "title"),
            (json!({"title": ""}), "title"),
            (json!({"title": 5}), "title"),
            (json!({"description": "x".repeat(2001)}), "description"),
            (json!({"category": "cape"}), "category"),
            (json!({"pattern": "plaid"}), "pattern"),
            (json!({"colors": ["red", "blurple"]}), "colors[1]"),
            (json!({"colors": ["#12"]}), "colors[0]"),
            (json!({"colors": [{"name": "blurple"}]}), "colors[0]"),
            (json!({"colors": [{}]}), "colors[0]"),
            (json!({"colors": [{"hex": "red"}]}), "colors[0].hex"),
            (
                json!({"colors": [{"hex": "#FF0000", "share": 2}]}),
                "colors[0].share",
            ),
            (
                json!({"colors": [{"hex": "#FF0000", "alpha": 1}]}),
                "colors[0].alpha",
            ),
            (json!({"colors": vec!["red"; 9]}), "colors"),
            (json!({"colors": "red"}), "colors"),
            (json!({"sizes": vec!["M"; 21]}), "sizes"),
            (json!({"sizes": ["M", "x".repeat(41)]}), "sizes[1]"),
            (json!({"tags": vec!["a"; 31]}), "tags"),
            (json!({"tags": [" "]}), "tags[0]"),
            (json!({"season": ["autum"]}), "season[0]"),
            (json!({"season": vec!["summer"; 5]}), "season"),
            (json!({"formality": 1.01}), "formality"),
            (json!({"formality": -0.1}), "formality"),
            (json!({"formality": 1e300}), "formality"),
            (json!({"price": {"amount": -1, "currency": "NGN"}}), "price"),
            (
                json!({"price": {"amount": 1, "currency": "XXX"}}),
                "price.currency",
            ),
            (json!({"colour": "red"}), "colour"),
        ] {
            assert_eq!(fault(&sent).field, field, "{sent}");
        }
    }

    proptest! {
        #[test]
        fn no_input_breaks_a_limit(
            title in ".{0,200}",
            tags in prop::collection::vec(".{0,60}", 0..40),
            formality in prop::num::f64::NORMAL,
            hexes in prop::collection::vec("#[0-9a-f]{6}", 0..12),
        ) {
            let sent = json!({"title": title, "tags": tags, "formality": formality, "colors": hexes});
            if let Ok(sent) = parse(&sent) {
                let mut typed = Typed::default();
                sent.write_to(&mut typed);
                prop_assert!(typed.title.is_none_or(|title| (1..=120).contains(&title.as_str().chars().count())));
                prop_assert!(typed.tags.is_none_or(|tags| (1..=30).contains(&tags.len())));
                prop_assert!(typed.formality.is_none_or(|formality| (0.0..=1.0).contains(&formality)));
                prop_assert!(typed.colors.is_none_or(|colors| (1..=8).contains(&colors.len())));
            }
        }

        #[test]
        fn a_request_written_as_json_says_the_same(
            tags in prop::collection::vec("[a-z]{1,40}", 1..30),
            formality in 0.0_f64..=1.0,
        ) {
            let sent = json!({"tags": tags, "formality": formality, "colors": ["navy", "#aabbcc"]});
            let written = serde_json::to_value(parse(&sent).unwrap()).unwrap();
            prop_assert_eq!(typed(&written), typed(&sent));
        }
    }
}
