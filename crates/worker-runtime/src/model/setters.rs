//! Methods that set the optional fields of a request.

/// Generates a method for each given field of a request. The method has the field's name and sets
/// the field, whose type is an `Option`.
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
