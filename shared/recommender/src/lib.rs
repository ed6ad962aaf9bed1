//! Recommender.
