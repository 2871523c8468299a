// Package kubernetes is there for Helm's import of it, which keeps the module in its build
// information.
package kubernetes
