// Package config reads the connector's settings from environment variables and
// an optional config.yml, with the names that OpenCTI's own connectors use, and tells
// everything that is wrong with them at once.
//
// One struct, [Config], is the only place where a setting is named: its tags
// give the variable, the default and the README's table.
package config
