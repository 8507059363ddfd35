/// Converts each command or event struct into its enum.
macro_rules! from_variants {
    ($kind:ident: $($variant:ident),+ $(,)?) => {$(
        impl From<$variant> for $kind {
            fn from(variant: $variant) -> Self {
                Self::$variant(variant)
            }
        }
    )+};
}
