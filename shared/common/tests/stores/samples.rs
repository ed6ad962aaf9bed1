//! A record of each kind, with every field set and values that are hard to keep: odd floats, accents,
//! times with nanoseconds.

use std::fmt::Debug;

use drape_common::store::{
    Record,
    tables::{DayShowing, DaySignal, Embedding, Login, Reservation, Session, StyleRow},
};
use drape_domain::{
    Background, Category, Color, Currency, Item, ItemId, Modesty, Money, Pattern, Prefs,
    RecommendationId, ReturnFormat, Rgb, Role, Season, SessionId, Showing, ShowingId, Signal,
    SignalId, SignalKind, Slot, Text, Timestamp, TryOn, TryOnId, TryOnStatus, UploadId, User,
    UserId,
    item::{
        AwaitedMask, CategoryCandidate, CleanRequest, CleanWish, Edit, EmbeddingRef, Failure,
        ImageKeys, ImageType, Inferred, Processed, Typed, Upload, Work,
        edit::{Mask, Stroke, UnitPoint, UnitRect},
    },
    showing::{ShownFeature, ShownOutfit, ShownPiece},
    tryon::{Feedback, GarmentLayer, Layers, Lighting, Lights, TryOnItem, ViewOptions},
};

/// Records that a test can make.
pub(crate) trait Sample: Record + PartialEq + Debug {
    /// A record in a place of its own.
    fn sample() -> Self;
    /// Another record; in a table with a sort key, in the same partition and later.
    fn next(&self) -> Self;
    /// The record in the same place with another content.
    fn altered(&self) -> Self;
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::try_from(text).unwrap()
}

fn now() -> Timestamp {
    Timestamp::now_utc()
}

fn edit() -> Edit {
    let points = vec![
        UnitPoint::new(0.1 + 0.2, 1.0 / 3.0).unwrap(),
        UnitPoint::new(0.0, 1.0).unwrap(),
    ];
    let stroke = Stroke::new(points, 0.002).unwrap();
    let crop = UnitRect::new(0.0, 0.1, 0.7, 1.0).unwrap();
    Edit::new(Some(crop), vec![stroke.clone()], vec![stroke])
        .unwrap()
        .with_mask(Mask {
            key: "uploads/masks/o/i/m".into(),
            etag: "0cc175b9c0f1b6a831c399e269772661".into(),
        })
}

impl Sample for User {
    fn sample() -> Self {
        Self {
            id: UserId::new(),
            email: "Shopper@example.com".into(),
            name: text("Ṣhọpper"),
            role: Role::Boutique,
            prefs: Prefs {
                background_preference: Some(Background::Original),
                favorite_styles: vec![text("minimal"), text("àdìrẹ")],
                preferred_colors: vec![text("navy")],
                disliked_colors: vec![],
                disliked_categories: vec![Category::Hat],
                sizes: vec![text("EU 42")],
                modesty: Some(Modesty::Modest),
                budget: Some(Money::new(2_500_000, Currency::Ngn).unwrap()),
            },
            created_at: now(),
            updated_at: now(),
            revision: 1,
        }
    }

    fn next(&self) -> Self {
        Self::sample()
    }

    fn altered(&self) -> Self {
        Self {
            name: text("Another"),
            prefs: Prefs::default(),
            ..self.clone()
        }
    }
}

impl Sample for Login {
    fn sample() -> Self {
        let email = format!("{}@example.com", UserId::new());
        Self {
            id: Self::key_of(&email).partition,
            user_id: UserId::new(),
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        }
    }

    fn next(&self) -> Self {
        Self::sample()
    }

    fn altered(&self) -> Self {
        Self {
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$b3RoZXI".into(),
            ..self.clone()
        }
    }
}

impl Sample for Session {
    fn sample() -> Self {
        Self {
            id: SessionId::new(),
            user_id: UserId::new(),
            token_hash: "0".repeat(64),
            revoked: false,
            expires_at: 4_102_444_800,
            revision: 1,
        }
    }

    fn next(&self) -> Self {
        Self::sample()
    }

    fn altered(&self) -> Self {
        Self {
            revoked: true,
            ..self.clone()
        }
    }
}

impl Sample for Reservation {
    fn sample() -> Self {
        Self {
            id: SessionId::new().to_string(),
            fingerprint: "f".repeat(64),
            planned: ItemId::new().to_string(),
            expires_at: 4_102_444_800,
        }
    }

    fn next(&self) -> Self {
        Self::sample()
    }

    fn altered(&self) -> Self {
        Self {
            planned: String::from("another"),
            ..self.clone()
        }
    }
}

impl Sample for Item {
    fn sample() -> Self {
        let typed = Typed {
            title: Some(text("Blue “Oxford” shirt")),
            description: Some(text("Line one\nline two")),
            category: Some(Category::Shirt),
            colors: Some(vec![Color {
                name: "navy".into(),
                hex: Rgb([28, 36, 72]),
                share: 0.1 + 0.2,
            }]),
            pattern: Some(Pattern::Striped),
            sizes: Some(vec![]),
            tags: Some(vec![text("office")]),
            formality: Some(1.0 / 3.0),
            season: Some(vec![Season::Spring, Season::Winter]),
            price: Some(Money::new(999_999_999_999_999, Currency::Ngn).unwrap()),
        };
        let upload = Upload {
            content_type: ImageType::Webp,
            content_length: 15 * 1024 * 1024,
        };
        Self {
            inferred: Some(Inferred {
                category: Category::Polo,
                confidence: f32::MIN_POSITIVE,
                candidates: vec![CategoryCandidate {
                    category: Category::Polo,
                    probability: 1.0 / 3.0,
                }],
                cutout_confidence: Some(0.1),
                colors: vec![],
                pattern: Pattern::Solid,
            }),
            clean: CleanRequest {
                seq: 7,
                bg_color: Some(Rgb([0, 255, 10])),
                return_format: Some(ReturnFormat::Jpeg),
                edit: edit(),
                drawn_on: Some("9b2cf535f27731c974343645a3985328".into()),
                restore: true,
            },
            awaited_mask: Some(AwaitedMask {
                upload: UploadId::new(),
                content_length: 2 * 1024 * 1024,
                wish: CleanWish {
                    bg_color: Some(Rgb([1, 2, 3])),
                    return_format: Some(ReturnFormat::Png),
                    edit: edit(),
                },
                drawn_on: Some("9b2cf535f27731c974343645a3985328".into()),
            }),
            processed: Some(Processed {
                source_etag: "9b2cf535f27731c974343645a3985328".into(),
                seq: 6,
            }),
            work: Some(Work {
                source_etag: "0cc175b9c0f1b6a831c399e269772661".into(),
                seq: 7,
                take_ups: 2,
                since: now(),
            }),
            images: ImageKeys {
                original: Some("items/o/i/original.jpg".into()),
                ..ImageKeys::default()
            },
            embedding: Some(EmbeddingRef {
                model: "m".into(),
                dim: 512,
                updated_at: now(),
            }),
            duplicate_of: Some(ItemId::new()),
            is_no_duplicate: true,
            in_wash: true,
            error: Some(Failure {
                code: "no_garment_found".into(),
                message: "We could not find a garment.".into(),
            }),
            ..Self::new(UserId::new(), typed, Background::Clean, upload, now())
        }
    }

    fn next(&self) -> Self {
        Self {
            item_id: ItemId::new(),
            ..self.clone()
        }
    }

    fn altered(&self) -> Self {
        Self {
            typed: Typed::default(),
            error: None,
            ..self.clone()
        }
    }
}

impl Sample for Embedding {
    fn sample() -> Self {
        let vector: Vec<f32> = (0..512_u16).map(|n| f32::from(n) / 511.0 - 0.5).collect();
        Self::new(UserId::new(), ItemId::new(), "model-1", &vector, now())
    }

    fn next(&self) -> Self {
        Self {
            item_id: ItemId::new(),
            ..self.clone()
        }
    }

    fn altered(&self) -> Self {
        Self {
            model: "model-2".into(),
            vector: vec![0; 2048],
            ..self.clone()
        }
    }
}

impl Sample for TryOn {
    fn sample() -> Self {
        let user_id = UserId::new();
        Self {
            user_id,
            id: TryOnId::new(),
            body_key: format!("uploads/body/{user_id}/{}", UploadId::new()),
            items: vec![TryOnItem {
                item_id: ItemId::new(),
                title: "navy shirt".into(),
                boutique: None,
                price: Some(Money::new(1_250_000, Currency::Ngn).unwrap()),
                skipped: None,
            }],
            prefer_clean_item_images: true,
            view_options: ViewOptions {
                rotate: true,
                perspective: false,
                lighting: Lighting::Warm,
            },
            recommendation_id: Some(RecommendationId::new()),
            status: TryOnStatus::Rendering,
            render_key: Some("tryons/u/t/render.png".into()),
            layers: Some(Layers {
                person: "tryons/u/t/person.png".into(),
                garments: vec![GarmentLayer {
                    item_id: ItemId::new(),
                    key: "tryons/u/t/garment-0.png".into(),
                }],
                shadow: "tryons/u/t/shadow.png".into(),
                lighting: Lights {
                    warm: [1.08, 0.99, 0.842],
                    neutral: [1.0; 3],
                    cool: [1.0 / 3.0, f32::MIN_POSITIVE, 1.132],
                },
            }),
            turn_keys: vec!["tryons/u/t/turn-0.png".into()],
            confidence: Some(0.7),
            renderer: Some("in-house".into()),
            error: None,
            feedback: Some(Feedback {
                accuracy: 4,
                notes: Some(text("Sleeves a little long.")),
                created_at: now(),
            }),
            feedback_since: Some(now()),
            enqueued_at: now(),
            created_at: now(),
            updated_at: now(),
            revision: 1,
        }
    }

    fn next(&self) -> Self {
        Self {
            id: TryOnId::new(),
            ..self.clone()
        }
    }

    fn altered(&self) -> Self {
        Self {
            status: TryOnStatus::Done,
            feedback: None,
            ..self.clone()
        }
    }
}

impl Sample for DaySignal {
    fn sample() -> Self {
        Self::new(signal(UserId::new(), now()))
    }

    fn next(&self) -> Self {
        Self::new(Signal {
            id: SignalId::new(),
            ..self.signal.clone()
        })
    }

    fn altered(&self) -> Self {
        Self::new(Signal {
            kind: SignalKind::Worn,
            ..self.signal.clone()
        })
    }
}

impl Sample for DayShowing {
    fn sample() -> Self {
        let user_id = UserId::new();
        Self::new(Showing {
            id: ShowingId::new(),
            user_id,
            shown_at: now(),
            model: "2026-11-22T01:30:00Z".into(),
            index: Some("2026-11-22".into()),
            occasion: Some("owambe".into()),
            temp_c: Some(28.1),
            outfits: vec![ShownOutfit {
                id: RecommendationId::new(),
                pieces: vec![ShownPiece {
                    item_id: ItemId::new(),
                    owner_id: user_id,
                    slot: Slot::Dress,
                }],
                score: 1.0 / 3.0,
                propensity: 0.25,
                features: vec![ShownFeature {
                    name: "color_match".into(),
                    value: f32::MIN_POSITIVE,
                    contribution: -0.1 - 0.2,
                }],
                explain: vec!["great for 28 °C and sunny".into()],
            }],
        })
    }

    fn next(&self) -> Self {
        Self::new(Showing {
            id: ShowingId::new(),
            ..self.showing.clone()
        })
    }

    fn altered(&self) -> Self {
        Self::new(Showing {
            outfits: vec![],
            ..self.showing.clone()
        })
    }
}

impl Sample for StyleRow {
    fn sample() -> Self {
        Self {
            user_id: UserId::new(),
            model: "model-1".into(),
            style: (0..=255).cycle().take(2100).collect(),
            weight: 0.1 + 0.2,
            through: now().date(),
            updated_at: now(),
            revision: 1,
        }
    }

    fn next(&self) -> Self {
        Self::sample()
    }

    fn altered(&self) -> Self {
        Self {
            style: vec![],
            weight: -1.0,
            ..self.clone()
        }
    }
}

/// Somebody liked something.
pub(crate) fn signal(user_id: UserId, created_at: Timestamp) -> Signal {
    Signal {
        id: SignalId::new(),
        user_id,
        kind: SignalKind::Like,
        recommendation_id: Some(RecommendationId::new()),
        items: vec![ItemId::new(), ItemId::new()],
        created_at,
    }
}
