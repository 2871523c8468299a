//go:build tools

// Package kustomize pins the official kustomize, which our renders are compared with.
package kustomize

import _ "sigs.k8s.io/kustomize/kustomize/v5"
