//go:build tools

// Package helm pins the official Helm, which our renders are compared with.
package helm

import _ "helm.sh/helm/v4/cmd/helm"
