//! One server of a host: its instances, started when they are needed and stopped when nobody needs them.
