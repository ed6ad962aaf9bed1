//! The closed vocabularies of the contract, and what each category implies by default.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::attributes;

/// The word is not in the vocabulary; the message lists what is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownWord(pub String);

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the contract's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    UnknownWord([$($word),+].join(", "))
                })
            }
        }
    };
}

vocabulary! {
    /// What kind of garment an item is.
    Category {
        /// Short-sleeved pullover shirt.
        TShirt = "t_shirt",
        /// Buttoned shirt.
        Shirt = "shirt",
        /// Light, often loose shirt.
        Blouse = "blouse",
        /// Polo shirt.
        Polo = "polo",
        /// Any other upper-body piece, such as a crop or camisole top.
        Top = "top",
        /// Sleeveless undershirt or tank top.
        Undershirt = "undershirt",
        /// Long-sleeved pullover shirt.
        Longsleeve = "longsleeve",
        /// Hooded sweatshirt.
        Hoodie = "hoodie",
        /// Knitted pullover or cardigan.
        Sweater = "sweater",
        /// Suit jacket.
        Blazer = "blazer",
        /// Jacket or coat.
        Outerwear = "outerwear",
        /// Dress.
        Dress = "dress",
        /// Bodysuit or jumpsuit.
        Bodysuit = "bodysuit",
        /// Skirt.
        Skirt = "skirt",
        /// Long trousers of any cut.
        Pants = "pants",
        /// Short trousers.
        Shorts = "shorts",
        /// Footwear of any kind.
        Shoes = "shoes",
        /// Headwear of any kind.
        Hat = "hat",
        /// Bag of any kind.
        Bag = "bag",
        /// Belt, scarf, jewellery, glasses and the like.
        Accessory = "accessory",
        /// None of the above.
        Other = "other",
    }
}

vocabulary! {
    /// The place on the body that an item takes in an outfit.
    Slot {
        /// Upper body.
        Top = "top",
        /// Lower body.
        Bottom = "bottom",
        /// Upper and lower body in one piece.
        Dress = "dress",
        /// Over the top or dress.
        Outer = "outer",
        /// Feet.
        Shoes = "shoes",
        /// Head.
        Hat = "hat",
        /// Carried.
        Bag = "bag",
        /// Everything else.
        Accessory = "accessory",
    }
}

vocabulary! {
    /// A season of the year in which an item is worn.
    Season {
        /// Mild and changeable.
        Spring = "spring",
        /// Hot.
        Summer = "summer",
        /// Cooling and wet.
        Autumn = "autumn",
        /// Cold.
        Winter = "winter",
    }
}

vocabulary! {
    /// The surface design of a garment.
    Pattern {
        /// One colour.
        Solid = "solid",
        /// Parallel stripes.
        Striped = "striped",
        /// Checks, plaid or tartan.
        Checked = "checked",
        /// Dots.
        Dotted = "dotted",
        /// Flowers or leaves.
        Floral = "floral",
        /// A print, logo or lettering.
        Graphic = "graphic",
        /// Any other design.
        Other = "other",
    }
}

vocabulary! {
    /// What a user wants to see behind an item.
    Background {
        /// The garment cut out of its photo.
        Clean = "clean",
        /// The photo as taken.
        Original = "original",
    }
}

vocabulary! {
    /// The file format of a flattened clean image.
    ReturnFormat {
        /// PNG; transparent unless a colour is asked for.
        Png = "png",
        /// JPEG, on white unless another colour is asked for.
        Jpeg = "jpeg",
    }
}

impl Category {
    /// Where on the body the category is worn.
    #[must_use]
    pub const fn slot(self) -> Slot {
        match self {
            Self::TShirt
            | Self::Shirt
            | Self::Blouse
            | Self::Polo
            | Self::Top
            | Self::Undershirt
            | Self::Longsleeve
            | Self::Hoodie
            | Self::Sweater => Slot::Top,
            Self::Blazer | Self::Outerwear => Slot::Outer,
            Self::Dress | Self::Bodysuit => Slot::Dress,
            Self::Skirt | Self::Pants | Self::Shorts => Slot::Bottom,
            Self::Shoes => Slot::Shoes,
            Self::Hat => Slot::Hat,
            Self::Bag => Slot::Bag,
            Self::Accessory | Self::Other => Slot::Accessory,
        }
    }

    /// How formal the category usually is: 0 is gym wear, 1 is black tie.
    #[must_use]
    pub fn formality(self) -> f32 {
        attributes::formality(self)
    }

    /// The seasons in which the category is usually worn.
    #[must_use]
    pub fn seasons(self) -> &'static [Season] {
        attributes::seasons(self)
    }

    /// Thermal insulation of a typical garment of the category in clo.
    #[must_use]
    pub fn clo(self) -> f32 {
        attributes::clo(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_parses_back_to_its_value() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(*category));
            assert_eq!(
                serde_json::to_string(category).unwrap(),
                format!("\"{category}\"")
            );
        }
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_vocabulary() {
        let error = "autum".parse::<Season>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "must be one of spring, summer, autumn, winter"
        );
    }

    #[test]
    fn defaults_are_in_range() {
        for category in Category::ALL {
            assert!((0.0..=1.0).contains(&category.formality()));
            assert!((0.0..=1.0).contains(&category.clo()));
            assert!(!category.seasons().is_empty());
        }
    }
}
