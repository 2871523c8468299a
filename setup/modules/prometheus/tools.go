//go:build tools

// Package prometheus pins the official promtool, which our alert rules are tested with.
package prometheus

import _ "github.com/prometheus/prometheus/cmd/promtool"
