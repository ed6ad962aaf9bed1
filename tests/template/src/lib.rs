//! Lints of template.yaml.
