//! Methods that set the optional fields of a request.

/// Writes a method for each field of a request that is an `Option`, named like the field.
macro_rules! setters {
    ($request:ident { $($field:ident: $value:ty),+ $(,)? }) => {
        impl $request {
            $(
                #[doc = concat!("Sets `", stringify!($field), "`.")]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$value>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )+
        }
    };
}

pub(crate) use setters;
