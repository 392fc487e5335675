//! The three shapes that nearly all of the vocabulary has. Each macro is a table of names.

/// An object.
///
/// Groups, each optional, in the order in which their members are written:
/// `tag` (a member with one possible value) · `new` (required, an argument of `new`) · `with` (required on
/// the wire, but has a default) · `optional` · `inline` (one field for several members) · `envelope`
/// (members that belong to the envelope, neither kept nor written) · `check` (run after decoding).
/// Setters and `new` take `impl Into<Type>`; `as is` takes the type itself, so that integer literals work.
macro_rules! message {
    (
        $(#[$attr:meta])*
        pub struct $name:ident {
            $(tag $tag:literal = $tag_value:literal;)?
            $(new { $($(#[$new_doc:meta])* $new:ident: $new_ty:ty $(as $new_is:ident)? = $new_key:literal,)* })?
            $(with { $($(#[$with_doc:meta])* $with:ident: $with_ty:ty $(as $with_is:ident)? = $with_key:literal,)* })?
            $(optional { $($(#[$opt_doc:meta])* $opt:ident: $opt_ty:ty $(as $opt_is:ident)? = $opt_key:literal,)* })?
            $(inline { $($(#[$in_doc:meta])* $in:ident: $in_ty:ty = $($in_key:literal)|+,)* })?
            $(envelope $($env_key:literal)|+;)?
            $(check $check:path;)?
        }
    ) => {
        $(#[$attr])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($($(#[$new_doc])* pub $new: $new_ty,)*)?
            $($($(#[$with_doc])* pub $with: $with_ty,)*)?
            $($($(#[$opt_doc])* pub $opt: Option<$opt_ty>,)*)?
            $($($(#[$in_doc])* pub $in: Option<$in_ty>,)*)?
            /// Members that no protocol version knows.
            pub extra: $crate::Extra,
        }

        impl $name {
            /// With what is required; everything else has a setter.
            pub fn new($($($new: $crate::macros::message!(@arg $new_ty $(, $new_is)?),)*)?) -> Self {
                Self {
                    $($($new: $crate::macros::message!(@into $new $(, $new_is)?),)*)?
                    $($($with: Default::default(),)*)?
                    $($($opt: None,)*)?
                    $($($in: None,)*)?
                    extra: $crate::Extra::default(),
                }
            }

            $($(
                #[doc = concat!("Sets `", $with_key, "`.")]
                ///
                $(#[$with_doc])*
                #[must_use]
                pub fn $with(mut self, $with: $crate::macros::message!(@arg $with_ty $(, $with_is)?)) -> Self {
                    self.$with = $crate::macros::message!(@into $with $(, $with_is)?);
                    self
                }
            )*)?
            $($(
                #[doc = concat!("Sets `", $opt_key, "`.")]
                ///
                $(#[$opt_doc])*
                #[must_use]
                pub fn $opt(mut self, $opt: $crate::macros::message!(@arg $opt_ty $(, $opt_is)?)) -> Self {
                    self.$opt = Some($crate::macros::message!(@into $opt $(, $opt_is)?));
                    self
                }
            )*)?
            $($(
                $(#[$in_doc])*
                #[must_use]
                pub fn $in(mut self, $in: impl Into<$in_ty>) -> Self {
                    self.$in = Some($in.into());
                    self
                }
            )*)?
        }

        $crate::macros::message!(@default $name [$($($new)*)?]);

        impl $crate::Member for $name {
            fn from_value(value: serde_json::Value) -> Result<Self, $crate::DecodeError> {
                let mut object = $crate::decode::Object::new(value)?;
                $(object.tag($tag, $tag_value)?;)?
                $($(let $new = object.required($new_key)?;)*)?
                $($(let $with = object.required($with_key)?;)*)?
                $($(let $opt = object.optional($opt_key)?;)*)?
                $($(let $in = $crate::decode::Inline::take(&mut object)?;)*)?
                $($(object.discard($env_key);)+)?
                let message = Self {
                    $($($new,)*)?
                    $($($with,)*)?
                    $($($opt,)*)?
                    $($($in,)*)?
                    extra: $crate::Extra::from(object.rest()),
                };
                $($check(&message)?;)?
                Ok(message)
            }
        }

        impl serde_core::Serialize for $name {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = serializer.serialize_map(None)?;
                $(serde_core::ser::SerializeMap::serialize_entry(&mut object, $tag, $tag_value)?;)?
                $($($crate::Member::write(&self.$new, &mut object, $new_key)?;)*)?
                $($($crate::Member::write(&self.$with, &mut object, $with_key)?;)*)?
                $($(if let Some(member) = &self.$opt {
                    $crate::Member::write(member, &mut object, $opt_key)?;
                })*)?
                $($(if let Some(members) = &self.$in {
                    $crate::decode::Inline::write(members, &mut object)?;
                })*)?
                self.extra.write(&mut object, &[
                    $($tag,)?
                    $($($new_key,)*)?
                    $($($with_key,)*)?
                    $($($opt_key,)*)?
                    $($($($in_key,)+)*)?
                    $($($env_key,)+)?
                ])?;
                serde_core::ser::SerializeMap::end(object)
            }
        }

        $crate::macros::deserialize!($name);
    };

    (@arg $type:ty) => { impl Into<$type> };
    (@arg $type:ty, is) => { $type };
    (@into $value:ident) => { $value.into() };
    (@into $value:ident, is) => { $value };

    (@default $name:ident []) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@default $name:ident [$($required:ident)+]) => {};
}

/// A union of objects that one member tells apart. An object with another tag is kept whole.
macro_rules! tagged_union {
    (
        $(#[$attr:meta])*
        pub enum $name:ident by $tag:literal {
            $($(#[$doc:meta])* $variant:ident($type:ty) = $value:literal,)+
        }
    ) => {
        $(#[$attr])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant($type),)+
            /// A kind that no protocol version knows, whole.
            Other(serde_json::Map<String, serde_json::Value>),
        }

        impl $crate::Member for $name {
            fn from_value(value: serde_json::Value) -> Result<Self, $crate::DecodeError> {
                match $crate::decode::tag_of(&value, $tag)? {
                    $($value => <$type as $crate::Member>::from_value(value).map(Self::$variant),)+
                    _ => $crate::Member::from_value(value).map(Self::Other),
                }
            }
        }

        impl serde_core::Serialize for $name {
            fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(object) => object.serialize(serializer),)+
                    Self::Other(object) => object.serialize(serializer),
                }
            }
        }

        $crate::macros::deserialize!($name);
    };
}

/// Strings of which some have a meaning. Others are kept.
macro_rules! open_enum {
    (
        $(#[$attr:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $value:literal,)+
        }
    ) => {
        $(#[$attr])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A value that no protocol version knows.
            Other(Box<str>),
        }

        impl $name {
            /// The value as it is on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                match value.as_str() {
                    $($value => Self::$variant,)+
                    _ => Self::Other(value.into()),
                }
            }
        }

        impl $crate::Member for $name {
            fn from_value(value: serde_json::Value) -> Result<Self, $crate::DecodeError> {
                <String as $crate::Member>::from_value(value).map(Self::from)
            }
        }

        $crate::macros::text!($name);
        $crate::macros::deserialize!($name);
    };
}

/// Strings of which only some are allowed. Others are refused.
macro_rules! closed_enum {
    (
        $(#[$attr:meta])*
        pub enum $name:ident, $what:literal {
            $($(#[$doc:meta])* $variant:ident = $value:literal,)+
        }
    ) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All values, in their order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The value as it is on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::DecodeError;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                match value {
                    $($value => Ok(Self::$variant),)+
                    _ => Err($crate::DecodeError::new(concat!("unknown ", $what, ", expected one of" $(, " ", $value)+))),
                }
            }
        }

        impl $crate::Member for $name {
            fn from_value(value: serde_json::Value) -> Result<Self, $crate::DecodeError> {
                <String as $crate::Member>::from_value(value)?.parse()
            }
        }

        $crate::macros::text!($name);
        $crate::macros::deserialize!($name);
    };
}

/// `Display` and `Serialize` of a type that has `as_str`.
macro_rules! text {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde_core::Serialize for $name {
            fn serialize<S: serde_core::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// `Deserialize` of a type that is a `Member`.
macro_rules! deserialize {
    ($name:ident) => {
        impl<'de> serde_core::Deserialize<'de> for $name {
            fn deserialize<D: serde_core::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::decode::from_deserializer(deserializer)
            }
        }
    };
}

pub(crate) use {closed_enum, deserialize, message, open_enum, tagged_union, text};
