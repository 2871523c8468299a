// Package fake is there for `go mod tidy`, which looks at the tests of Helm's engine, too.
package fake
