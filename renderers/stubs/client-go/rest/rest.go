// Package rest stands in for client-go's: a renderer connects to nothing.
package rest

// Config is what Helm's engine would connect with.
type Config struct{}
